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
        .filter_map(|token| match token {
            Token::Member(id) => Some(Arg::Member(*id)),
            Token::Role(id) => Some(Arg::Role(*id)),
            // A channel is no argument of any command; in a reason it would only be a number.
            Token::Channel(_) => None,
            Token::Word { text, original, .. } => Some(Arg::Word {
                plain: text.clone(),
                typed: original.clone(),
            }),
        })
        .collect();
    Args {
        pieces,
        replying_to: incoming.replying_to,
    }
}
