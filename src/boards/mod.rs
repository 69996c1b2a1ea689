//! What a leaderboard looks like: in chat, in pictures and at the terminal.
//!
//! Invariant: every form says the same and shows what it counts. Deliberately absent: reading the
//! journal (`points::ranking`), and sending anything.

mod failing;
mod names;
mod text;

pub use failing::FailingBoard;
pub use failing::SCHEDULE_WORDS;
pub use failing::failing_notice;
pub use failing::failing_why;
pub use names::Known;
pub use names::Names;
pub use text::BOARD_COLUMNS;
pub use text::BOARD_WORDS;
pub use text::board_counts;
pub use text::board_head;
pub use text::board_reply;
pub use text::board_without_rows;
pub use text::called;
pub use text::count;
pub use text::counted;
pub use text::period;
pub use text::row;
pub use text::said;
pub use text::to_next;
