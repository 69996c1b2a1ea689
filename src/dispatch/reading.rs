//! From the platform's tokens to the arguments commands read, so that no command sees the wire.

use crate::commands::Arg;
use crate::commands::Args;
use crate::fanbook::text::Invocation;
use crate::fanbook::text::Token;
use crate::model::incoming::Incoming;

/// The command's arguments, in the shapes commands read.
pub fn arguments(invocation: &Invocation, incoming: &Incoming) -> Args {
    let pieces = invocation
        .arguments
        .iter()
        .map(|token| match token {
            Token::Member(id) => Arg::Member(*id),
            Token::Role(id) => Arg::Role(*id),
            Token::Channel(id) => Arg::Channel(*id),
            Token::Word { text, original, .. } => Arg::Word {
                plain: text.clone(),
                typed: original.clone(),
            },
        })
        .collect();
    Args {
        pieces,
        replying_to: incoming.replying_to,
    }
}
