//! Whether messages can be posted in a channel, as far as that can be told beforehand.

/// Whether messages can be posted in a channel of a guild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Postable {
    /// It is there, and nothing speaks against it.
    Yes,
    /// It is no text channel.
    NoText(
        /// Its name. Untrusted text.
        String,
    ),
    /// The guild has others and not this one, or the bot does not see it.
    NotThere,
    /// Nobody can tell.
    Untold,
}
