//! What a leaderboard looks like: in chat, in pictures and at the terminal.
//!
//! Invariant: every form says the same and shows what it counts. Deliberately absent: reading the
//! journal (`points::ranking`), and sending anything.

mod card;
mod failing;
mod form;
mod names;
mod picture;
mod sheet;
mod text;

pub use card::Content;
pub use card::card;
pub use card::pictured;
pub use failing::FailingBoard;
pub use failing::SCHEDULE_WORDS;
pub use failing::failing_notice;
pub use failing::failing_why;
pub use form::Form;
pub use form::Placed;
pub use form::Surface;
pub use form::forms;
pub use picture::FONT_PACKAGE;
pub use picture::LaidLine;
pub use picture::LaidOut;
pub use picture::PaintError;
pub use picture::Painter;
pub use picture::Picture;
pub use sheet::Moved;
pub use sheet::Sheet;
pub use sheet::SheetRow;
pub use sheet::WHOLE_BAR;
pub use sheet::Way;
pub use sheet::Who;

pub use names::Known;
pub use names::Names;
pub use text::BOARD_COLUMNS;
pub use text::BOARD_WORDS;
pub use text::board_counts;
pub use text::board_dates;
pub use text::board_head;
pub use text::board_late;
pub use text::board_reply;
pub use text::board_since;
pub use text::board_title;
pub use text::board_without_rows;
pub use text::called;
pub use text::count;
pub use text::counted;
pub use text::moved;
pub use text::period;
pub use text::row;
pub use text::said;
pub use text::to_next;
pub use text::unnamed;
