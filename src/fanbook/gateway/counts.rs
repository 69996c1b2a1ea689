//! Handles of the counters a frame may touch: looking one up by name costs more than the frame.

use metrics::Counter;
use metrics::counter;

#[derive(Debug)]
pub(super) struct Counts {
    pub(super) message: Counter,
    pub(super) press: Counter,
    pub(super) member: Counter,
    pub(super) other: Counter,
    pub(super) idle: Counter,
    pub(super) pong: Counter,
    pub(super) connect: Counter,
    pub(super) duplicate: Counter,
    pub(super) broken: Counter,
    pub(super) oversized: Counter,
    pub(super) lost: Counter,
    pub(super) idle_missed: Counter,
}

impl Counts {
    pub(super) fn new() -> Self {
        let frames = |kind: &'static str| counter!("guildpoints_frames_total", "kind" => kind);
        Self {
            message: frames("message"),
            press: frames("press"),
            member: frames("member"),
            other: frames("other"),
            idle: frames("idle"),
            pong: frames("pong"),
            connect: frames("connect"),
            duplicate: frames("duplicate"),
            broken: frames("broken"),
            oversized: frames("oversized"),
            lost: counter!("guildpoints_gateway_lost_total"),
            idle_missed: counter!("guildpoints_idle_missed_total"),
        }
    }
}
