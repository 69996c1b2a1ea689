//! A cable between a program and a server of PostgreSQL that can be cut at any moment, also in the
//! middle of a commit.

// Every test program that takes this module in uses another part of it.
#![allow(dead_code)]

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::watch;

/// How the cable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cable {
    /// Everything passes.
    Whole,
    /// What is connected is cut off, and nobody gets through.
    Cut,
    /// Nothing passes and nobody is told.
    Silent,
}

/// What happens to a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// It does not arrive, and both ends learn that the cable is cut.
    Lost,
    /// It does not arrive, and the server is not told.
    Swallowed,
    /// It takes place, and the answer is lost.
    Unanswered,
    /// The same, and from then on nobody gets through.
    UnansweredAndCut,
}

/// The near end of a cable.
pub struct End {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    cable: watch::Sender<Cable>,
    next_commit: Mutex<Option<Commit>>,
    /// Server's ends whose other end is gone.
    swallowed: Mutex<Vec<(OwnedReadHalf, OwnedWriteHalf)>>,
}

impl End {
    /// A whole cable to a port of this machine.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared = Arc::new(Shared {
            cable: watch::Sender::new(Cable::Whole),
            next_commit: Mutex::default(),
            swallowed: Mutex::default(),
        });
        let end = Self {
            port: listener.local_addr().unwrap().port(),
            shared: Arc::clone(&shared),
        };
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    if *shared.cable.borrow() != Cable::Cut
                        && let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await
                    {
                        carry(near, far, &shared).await;
                    }
                });
            }
        });
        end
    }

    /// The port to connect to instead.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Changes the cable. One that is mended spoils no commit either that is still to come.
    pub fn becomes(&self, cable: Cable) {
        if cable == Cable::Whole {
            *self.shared.next_commit() = None;
        }
        self.shared.cable.send_replace(cable);
    }

    /// Spoils the next commit, once.
    pub fn spoil_commit(&self, commit: Commit) {
        *self.shared.next_commit() = Some(commit);
    }
}

impl Shared {
    fn next_commit(&self) -> std::sync::MutexGuard<'_, Option<Commit>> {
        self.next_commit
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the message that commits ends: it may say something before.
const COMMIT: &[u8] = b"commit\0";
/// The answer of a commit that took place.
const COMMITTED: &[u8] = b"COMMIT\0";

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

async fn carry(near: TcpStream, far: TcpStream, shared: &Shared) {
    let mut cable = shared.cable.subscribe();
    let (mut near_in, mut near_out) = near.into_split();
    let (mut far_in, mut far_out) = far.into_split();
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        let now = *cable.borrow_and_update();
        if now == Cable::Cut {
            return;
        }
        let passes = now == Cable::Whole;
        tokio::select! {
            changed = cable.changed() => if changed.is_err() { return },
            read = near_in.read(&mut up), if passes => {
                let Ok(size @ 1..) = read else { return };
                let bytes = &up[..size];
                let spoilt = match has(bytes, COMMIT) {
                    true => shared.next_commit().take(),
                    false => None,
                };
                match spoilt {
                    Some(Commit::Lost) => return,
                    Some(Commit::Swallowed) => {
                        let mut swallowed = shared.swallowed.lock().unwrap();
                        swallowed.push((far_in, far_out));
                        return;
                    }
                    _ => {}
                }
                if far_out.write_all(bytes).await.is_err() {
                    return;
                }
                if spoilt.is_some() {
                    let mut answer = Vec::new();
                    while !has(&answer, COMMITTED) {
                        let Ok(1..) = far_in.read_buf(&mut answer).await else { return };
                    }
                    if spoilt == Some(Commit::UnansweredAndCut) {
                        shared.cable.send_replace(Cable::Cut);
                    }
                    return;
                }
            }
            read = far_in.read(&mut down), if passes => {
                let Ok(size @ 1..) = read else { return };
                if near_out.write_all(&down[..size]).await.is_err() {
                    return;
                }
            }
        }
    }
}
