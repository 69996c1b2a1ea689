//! A mark by which the bot knows again what it has given out of its hands.
//!
//! For what comes back from a client and must not be made up there, where nothing is kept that it could
//! be compared with. Keyed with a secret the bot has anyway, so it outlives a restart. It is HMAC
//! (RFC 2104) over MD5: what breaks MD5 is that two texts of one's choice can be given one digest, and
//! that does not help anybody who lacks the key.

use std::fmt;

use md5::Digest;
use md5::Md5;
use subtle::ConstantTimeEq;

use crate::support::secret::Secret;

/// Bytes of a mark. Every guess costs a press and is answered by hand of the platform, so 2^48 of them
/// are out of reach.
pub const MARK: usize = 6;

/// Bytes MD5 takes at a time.
const BLOCK: usize = 64;

/// Puts marks on things and knows them again. Cheap to clone.
#[derive(Clone)]
pub struct Seal {
    key: [u8; BLOCK],
}

impl Seal {
    /// The seal that follows from a secret. `purpose` parts it from others of the same secret.
    pub fn of(secret: &Secret, purpose: &str) -> Self {
        let mut hash = Md5::new();
        hash.update(purpose.as_bytes());
        hash.update([0]);
        hash.update(secret.expose().as_bytes());
        let mut key = [0; BLOCK];
        let digest = hash.finalize();
        key[..digest.len()].copy_from_slice(&digest);
        Self { key }
    }

    /// The mark of `content`.
    pub fn mark(&self, content: &[u8]) -> [u8; MARK] {
        let inner = Md5::new()
            .chain_update(self.key.map(|byte| byte ^ 0x36))
            .chain_update(content)
            .finalize();
        let outer = Md5::new()
            .chain_update(self.key.map(|byte| byte ^ 0x5c))
            .chain_update(inner)
            .finalize();
        let mut mark = [0; MARK];
        mark.copy_from_slice(&outer[..MARK]);
        mark
    }

    /// Whether `mark` is that of `content`.
    pub fn knows(&self, content: &[u8], mark: &[u8]) -> bool {
        self.mark(content).ct_eq(mark).into()
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(secret: &str, purpose: &str) -> Seal {
        Seal::of(&Secret::new(secret), purpose)
    }

    #[test]
    fn it_is_the_published_way() {
        // RFC 2202, test case 2.
        let mut key = [0; BLOCK];
        key[..4].copy_from_slice(b"Jefe");
        let mark = Seal { key }.mark(b"what do ya want for nothing?");
        assert_eq!(mark, [0x75, 0x0c, 0x78, 0x3e, 0x6a, 0xb0]);
    }

    #[test]
    fn only_its_own_marks_are_known() {
        let ours = seal("token", "pages");
        let mark = ours.mark(b"page 2");
        assert!(ours.knows(b"page 2", &mark));
        assert!(!ours.knows(b"page 3", &mark));
        assert!(!ours.knows(b"page 2", &mark[..MARK - 1]));
        assert!(!ours.knows(b"page 2", &[]));
        assert!(!seal("other", "pages").knows(b"page 2", &mark));
        assert!(!seal("token", "other").knows(b"page 2", &mark));
        assert_eq!(format!("{ours:?}"), "Seal(..)");
    }
}
