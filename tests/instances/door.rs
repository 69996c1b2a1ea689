//! A door between one process and the database, which can be closed.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::watch;

/// How a door stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// What comes is passed on.
    Open,
    /// Connections are broken off, and new ones too.
    Broken,
    /// Nothing comes through in either direction, and nobody is told: a cable that was pulled.
    Silent,
}

pub struct Door {
    pub address: SocketAddr,
    way: watch::Sender<Way>,
}

impl Door {
    /// A door in front of `behind`, open. It goes with the test's runtime.
    pub async fn before(behind: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let (way, seen) = watch::channel(Way::Open);
        tokio::spawn(async move {
            loop {
                let (near, _) = match listener.accept().await {
                    Ok(accepted) => accepted,
                    Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                    Err(error) => panic!("the door: {error}"),
                };
                tokio::spawn(pass(near, behind, seen.clone()));
            }
        });
        Self { address, way }
    }

    pub fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

async fn pass(near: TcpStream, behind: SocketAddr, mut way: watch::Receiver<Way>) {
    // A connection that began while nothing came through begins when something does.
    if way.wait_for(|way| *way != Way::Silent).await.is_err() || *way.borrow() == Way::Broken {
        return;
    }
    let Ok(Ok(far)) =
        tokio::time::timeout(Duration::from_secs(5), TcpStream::connect(behind)).await
    else {
        return;
    };
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    tokio::select! {
        () = carry(near_in, far_out, way.clone()) => {}
        () = carry(far_in, near_out, way.clone()) => {}
        _ = way.wait_for(|way| *way == Way::Broken) => {}
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut way: watch::Receiver<Way>) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let Ok(length @ 1..) = from.read(&mut bytes).await else {
            return;
        };
        if way.wait_for(|way| *way != Way::Silent).await.is_err() {
            return;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
