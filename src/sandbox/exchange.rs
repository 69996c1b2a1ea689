//! The lines to connected bots: who is connected, and what is sent to all of them.
//!
//! Frames leave in the order in which things happened, because they are put on the lines under the
//! world's lock. A line whose bot does not read is cut when its queue is full, as a server would.

use axum::extract::ws::Message as Frame;
use serde::Deserialize;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Frames that may wait on one line; far above any burst a test makes, so a full queue means that
/// nobody reads.
const LINE_CAPACITY: usize = 65_536;

/// What can be done to the gateway as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayAct {
    /// Cuts all connections now, without a closing handshake.
    Drop,
    /// Answers new connections with HTTP 502.
    Refuse,
    /// Back to normal: accepts, speaks, and sends what was held back.
    Accept,
    /// Keeps connections open but sends nothing, not even pongs; what happens meanwhile is lost.
    Mute,
    /// Keeps pushes back.
    Hold,
    /// Sends the pushes kept back, latest first.
    Release,
}

/// All lines.
#[derive(Default)]
pub struct Exchange {
    lines: Vec<Line>,
    last: u64,
    refusing: bool,
    muted: bool,
    held: Option<Vec<Frame>>,
}

/// One connection as its own task sees it.
pub struct LineEnd {
    /// Its number, for `close`.
    pub number: u64,
    /// What to send.
    pub frames: mpsc::Receiver<Frame>,
    /// Ends the connection at once.
    pub cut: CancellationToken,
}

struct Line {
    number: u64,
    frames: mpsc::Sender<Frame>,
    cut: CancellationToken,
}

impl Exchange {
    /// Opens a line that ends with `stop` at the latest; `first` is sent before anything else.
    pub fn open(&mut self, stop: &CancellationToken, first: Frame) -> LineEnd {
        self.last += 1;
        let (sender, frames) = mpsc::channel(LINE_CAPACITY);
        let cut = stop.child_token();
        let line = Line {
            number: self.last,
            frames: sender,
            cut: cut.clone(),
        };
        if !self.muted {
            line.send(first);
        }
        self.lines.push(line);
        LineEnd {
            number: self.last,
            frames,
            cut,
        }
    }

    /// Forgets a line that has ended.
    pub fn close(&mut self, number: u64) {
        self.lines.retain(|line| line.number != number);
    }

    /// How many lines are open.
    pub fn connected(&self) -> usize {
        self.lines.len()
    }

    /// Whether new connections are turned away.
    pub fn is_refusing(&self) -> bool {
        self.refusing
    }

    /// Sends an event to every line, unless muted or held back.
    pub fn push(&mut self, frame: Frame) {
        if self.muted {
            return;
        }
        match &mut self.held {
            Some(held) => held.push(frame),
            None => {
                self.send_to_all(&frame);
            }
        }
    }

    /// Sends a raw frame to every line whatever the mode; says how many there were.
    pub fn send_to_all(&self, frame: &Frame) -> usize {
        for line in &self.lines {
            line.send(frame.clone());
        }
        self.lines.len()
    }

    /// Answers one line, unless muted.
    pub fn answer(&self, number: u64, frame: Frame) {
        if !self.muted
            && let Some(line) = self.lines.iter().find(|line| line.number == number)
        {
            line.send(frame);
        }
    }

    /// Does something to the gateway as a whole.
    pub fn act(&mut self, act: GatewayAct) {
        match act {
            GatewayAct::Drop => self.lines.iter().for_each(|line| line.cut.cancel()),
            GatewayAct::Refuse => self.refusing = true,
            GatewayAct::Mute => self.muted = true,
            GatewayAct::Hold => {
                self.held.get_or_insert_default();
            }
            GatewayAct::Release => self.release(),
            GatewayAct::Accept => {
                self.refusing = false;
                self.muted = false;
                self.release();
            }
        }
    }

    fn release(&mut self) {
        for frame in self.held.take().into_iter().flatten().rev() {
            self.send_to_all(&frame);
        }
    }
}

impl Line {
    fn send(&self, frame: Frame) {
        if self.frames.try_send(frame).is_err() {
            self.cut.cancel();
        }
    }
}
