//! Every sentence for people, in every language.
//!
//! Rust holds no sentence: a `Word` names one, `commands/*.toml` has its text in each language, and
//! an operator may override any of it key by key. Invariants: at start the whole set is checked
//! against the words the code speaks, and all findings are listed together; what comes from people
//! is made harmless when it is put into a hole, so no name or reason can ping a role or break the
//! markup of a reply. Deliberately absent: who speaks, and the platform's markup (the function that
//! makes text harmless is handed in).

mod catalogue;
mod check;
mod misread;
mod refusals;
mod reply;
mod sentences;
mod systems;
mod template;

pub use catalogue::Definition;
pub use catalogue::Finding;
pub use catalogue::Findings;
pub use catalogue::Source;
pub use catalogue::Words;
pub use misread::USAGE_WORDS;
pub use refusals::Hints;
pub use refusals::REFUSAL_WORDS;
pub use refusals::channel_link;
pub use refusals::freeze_reply;
pub use refusals::mention;
pub use refusals::points_refused;
pub use refusals::points_reply;
pub use refusals::reason_of_freeze;
pub use refusals::refusal_reply;
pub use refusals::system_code;
pub use reply::Button;
pub use reply::Hole;
pub use reply::Rendered;
pub use reply::Reply;
pub use reply::Word;
pub(crate) use sentences::sentences;
pub use systems::SYSTEM_WORDS;
pub use systems::system_hole;

/// The scope of sentences that belong to no command.
pub const SHARED: &str = "_shared";

/// Whether a scope is a command's, and not of sentences that several share.
fn is_command(scope: &str) -> bool {
    !scope.starts_with('_')
}
