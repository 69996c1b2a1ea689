//! What the buttons that turn the pages of a history carry.
//!
//! ```text
//! leaf  = "gp:l:" base64url( body mark )
//! body  = command asker member guild (8 bytes each) system (4) page direction (1 each)
//! ```
//!
//! All of it, so that nothing is kept and the buttons outlive any restart; and sealed, so that nobody
//! can make the bot write over another answer, or turn pages in another's name, by a press of their own
//! making. How long it may be is not documented; where keyboards of this kind come from it is 64
//! characters, so a system is meant by a digest of its name, whose spelling has no limit.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use md5::Digest;
use md5::Md5;

use crate::model::GuildId;
use crate::model::MessageId;
use crate::model::System;
use crate::model::UserId;
use crate::points::Direction;
use crate::support::seal::MARK;
use crate::support::seal::Seal;

/// How it begins.
const HEAD: &str = "gp:l:";

/// Bytes by which a system is meant.
const DIGEST: usize = 4;

const BODY: usize = 4 * 8 + DIGEST + 2;

/// A page of somebody's history, as a button carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The message with the command; what answers it shows the page.
    pub command: MessageId,
    /// Who asked, and whose button it is.
    pub asker: UserId,
    /// Whose history.
    pub member: UserId,
    /// In which guild.
    pub guild: GuildId,
    /// By which the system is meant; see `Leaf::is_of`.
    pub system: [u8; DIGEST],
    /// Which page, from 0.
    pub page: u8,
    /// Which rows.
    pub direction: Direction,
}

/// Whether a press comes from a button that turns pages, whoever made up what it carries.
pub fn is_leaf(carried: &str) -> bool {
    carried.starts_with(HEAD)
}

impl Leaf {
    /// By which a system is meant.
    pub fn digest(system: &System) -> [u8; DIGEST] {
        let digest = Md5::digest(system.name().as_bytes());
        let mut short = [0; DIGEST];
        short.copy_from_slice(&digest[..DIGEST]);
        short
    }

    /// Whether it is about that system.
    pub fn is_of(&self, system: &System) -> bool {
        self.system == Self::digest(system)
    }

    /// What a button carries.
    pub fn write(&self, seal: &Seal) -> String {
        let mut bytes = Vec::with_capacity(BODY + MARK);
        for id in [
            self.command.number(),
            self.asker.number(),
            self.member.number(),
            self.guild.number(),
        ] {
            bytes.extend(id.to_be_bytes());
        }
        bytes.extend(self.system);
        bytes.push(self.page);
        bytes.push(match self.direction {
            Direction::Both => 0,
            Direction::In => 1,
            Direction::Out => 2,
        });
        let mark = seal.mark(&bytes);
        bytes.extend(mark);
        format!("{HEAD}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What a press carries, if a button of ours did.
    pub fn read(carried: &str, seal: &Seal) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(carried.strip_prefix(HEAD)?).ok()?;
        let (body, mark) = bytes.split_at_checked(BODY)?;
        if !seal.knows(body, mark) {
            return None;
        }
        let id = |at: usize| {
            let eight = body.get(8 * at..8 * (at + 1))?;
            eight.try_into().ok().map(u64::from_be_bytes)
        };
        let rest = &body[4 * 8..];
        Some(Self {
            command: MessageId::new(id(0)?),
            asker: UserId::new(id(1)?),
            member: UserId::new(id(2)?),
            guild: GuildId::new(id(3)?),
            system: rest[..DIGEST].try_into().ok()?,
            page: rest[DIGEST],
            direction: match rest[DIGEST + 1] {
                0 => Direction::Both,
                1 => Direction::In,
                2 => Direction::Out,
                _ => return None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::secret::Secret;

    fn leaf() -> Leaf {
        Leaf {
            command: MessageId::new(868_822_861_471_551_488),
            asker: UserId::new(u64::MAX),
            member: UserId::new(223_456_789_012_345_677),
            guild: GuildId::new(412_345_678_901_234_563),
            system: Leaf::digest(&System::swan("a name that is much longer than any button")),
            page: 199,
            direction: Direction::Out,
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_nothing_else() {
        let seal = Seal::of(&Secret::new("token"), "leaf");
        for direction in [Direction::Both, Direction::In, Direction::Out] {
            let leaf = Leaf {
                direction,
                ..leaf()
            };
            let carried = leaf.write(&seal);
            assert!(carried.len() <= 64 && is_leaf(&carried), "{carried}");
            assert_eq!(Leaf::read(&carried, &seal), Some(leaf));
        }
        let carried = leaf().write(&seal);
        for at in HEAD.len()..carried.len() {
            let mut forged = carried.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(Leaf::read(&forged, &seal), None, "{forged}");
        }
        let other = Seal::of(&Secret::new("another"), "leaf");
        assert_eq!(Leaf::read(&carried, &other), None);
        for wrong in [
            "",
            "gp:l:",
            "gp:l:AAAA",
            "gp:l:!",
            "gp:ok:1",
            &carried[..60],
        ] {
            assert_eq!(Leaf::read(wrong, &seal), None, "{wrong}");
        }
        assert!(
            Leaf { ..leaf() }.is_of(&System::swan("a name that is much longer than any button"))
        );
        assert!(!leaf().is_of(&System::mall()));
    }
}
