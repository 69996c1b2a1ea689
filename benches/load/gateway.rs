//! The gateway's side of one websocket: greets, floods, and asks with a ping whether all was read.

use std::io;
use std::time::Duration;
use std::time::Instant;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::frames;
use crate::upgrade;

/// Frames of talk in one write.
pub const BLOCK: usize = 99;

/// How long a reader may take for what was sent before the run counts as failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// One connection.
pub struct Gateway {
    write: OwnedWriteHalf,
    pongs: mpsc::UnboundedReceiver<Instant>,
    talk: Vec<u8>,
}

impl Gateway {
    /// Lets the next client in and greets it.
    pub async fn accept(listener: &TcpListener) -> io::Result<Self> {
        let (mut stream, _) = timeout(PATIENCE, listener.accept()).await??;
        stream.set_nodelay(true)?;
        let_in(&mut stream).await?;
        let (read, write) = stream.into_split();
        let (ponged, pongs) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            // The connection's end is seen where something is sent or waited for.
            let _gone = hear(read, &ponged).await;
        });
        let mut talk = Vec::new();
        frames::talk(&mut talk, BLOCK);
        Ok(Self { write, pongs, talk })
    }

    /// Sends [`BLOCK`] frames of talk.
    pub async fn talk(&mut self) -> io::Result<()> {
        self.write.write_all(&self.talk).await
    }

    /// Sends the first so many frames of talk.
    pub async fn some_talk(&mut self, count: usize) -> io::Result<()> {
        let bytes = self.talk.len() / BLOCK * count;
        self.write.write_all(&self.talk[..bytes]).await
    }

    /// Sends whole frames.
    pub async fn send(&mut self, wire: &[u8]) -> io::Result<()> {
        self.write.write_all(wire).await
    }

    /// Ends the connection.
    pub async fn hang_up(&mut self) -> io::Result<()> {
        self.write.shutdown().await
    }

    /// Waits until everything sent before has been read.
    pub async fn is_read(&mut self) -> io::Result<Instant> {
        self.write.write_all(&[0x89, 0x00]).await?;
        let pong = timeout(PATIENCE, self.pongs.recv()).await?;
        pong.ok_or_else(|| io::Error::other("the client is gone"))
    }
}

async fn let_in(stream: &mut TcpStream) -> io::Result<()> {
    let mut request = Vec::new();
    while !upgrade::is_whole(&request) {
        if stream.read_buf(&mut request).await? == 0 {
            return Err(io::Error::other("no upgrade was asked for"));
        }
    }
    let answer = upgrade::answer(&request);
    let answer = answer.ok_or_else(|| io::Error::other("no websocket was asked for"))?;
    let mut wire = answer.into_bytes();
    frames::binary(&mut wire, upgrade::GREETING);
    stream.write_all(&wire).await
}

/// Reads the client's frames, all of them short and masked, for their pongs.
async fn hear(mut read: OwnedReadHalf, ponged: &mpsc::UnboundedSender<Instant>) -> io::Result<()> {
    loop {
        let [first, second] = [read.read_u8().await?, read.read_u8().await?];
        let mut rest = vec![0; 4 + usize::from(second & 0x7f)];
        read.read_exact(&mut rest).await?;
        if first & 0x0f == 0x0a && ponged.send(Instant::now()).is_err() {
            return Ok(());
        }
    }
}
