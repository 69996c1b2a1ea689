//! Pictures of boards, kept to be fetched by those who see the post.
//!
//! Invariants: a picture is found by its token alone, which has 244 random bits and is shown to nobody
//! but in the post; it is there for [`PICTURE_LIFE_MS`], by the clock of whoever asks, whether the sweep
//! has come round or not. Any process that reads the store can serve it.

use std::fmt;
use std::str::FromStr;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use crate::journal::Journal;
use crate::journal::entry::Durability;
use crate::journal::error::JournalError;
use crate::journal::sides::Side;
use crate::journal::store::Answer;

/// How long a picture can be fetched, in milliseconds: 90 days.
pub const PICTURE_LIFE_MS: i64 = 90 * 86_400_000;

/// Figures of a token.
const FIGURES: usize = 64;

/// The name of a picture, which nobody can guess.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PictureToken(String);

/// A picture as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPicture {
    /// As PNG.
    pub png: Vec<u8>,
    /// The drawing it was made of, as SVG.
    pub svg: String,
}

/// That a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no name of a picture")]
pub struct NoToken;

/// A picture as the store has it.
#[derive(Clone, Debug)]
pub(super) struct PictureRow {
    pub token: String,
    /// In base64.
    pub png: String,
    pub svg: String,
    pub made_ms: i64,
}

/// Something concerns pictures.
#[derive(Clone, Debug)]
pub(super) enum PictureWrite {
    /// One is kept.
    Keep(PictureRow),
    /// One is not to be seen any more.
    Drop(String),
    /// Those made before that moment go.
    Forget(i64),
}

/// The reading side.
pub(super) trait PictureStore {
    /// The picture of that token, if it was made at that moment or later.
    fn picture<'a>(&'a self, token: &'a str, since_ms: i64) -> Answer<'a, Option<PictureRow>>;
}

impl PictureToken {
    /// A new one, by the system's own source of chance.
    fn fresh() -> Self {
        let [one, other] = [Uuid::new_v4(), Uuid::new_v4()];
        Self(format!("{}{}", one.simple(), other.simple()))
    }
}

impl FromStr for PictureToken {
    type Err = NoToken;

    fn from_str(text: &str) -> Result<Self, NoToken> {
        let figure = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        match text.len() == FIGURES && text.bytes().all(figure) {
            true => Ok(Self(text.to_owned())),
            false => Err(NoToken),
        }
    }
}

/// As it stands in an address.
impl fmt::Display for PictureToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whoever knows it can see the picture, so logs do not have it.
impl fmt::Debug for PictureToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PictureToken(..)")
    }
}

impl Journal {
    /// Keeps a picture and says under which name it can be fetched from now on.
    pub async fn keep_picture(&self, picture: KeptPicture) -> Result<PictureToken, JournalError> {
        let token = PictureToken::fresh();
        let row = PictureRow {
            token: token.to_string(),
            png: STANDARD.encode(&picture.png),
            svg: picture.svg,
            made_ms: self.shared.clock.now_ms(),
        };
        // It is on disk before the post that shows it: a post outlives a power cut.
        let side = Side::Picture(Box::new(PictureWrite::Keep(row)));
        self.beside(Durability::Now, side).await?;
        Ok(token)
    }

    /// The picture of that name, while it is to be seen.
    pub async fn picture(&self, token: &PictureToken) -> Result<Option<KeptPicture>, JournalError> {
        let since_ms = self.shared.clock.now_ms().saturating_sub(PICTURE_LIFE_MS);
        let row = self.shared.store.picture(&token.0, since_ms);
        let Some(row) = self.read(row).await? else {
            return Ok(None);
        };
        // What cannot be read back was not written by us.
        let png = STANDARD.decode(&row.png);
        let png = png
            .context("read a picture")
            .map_err(JournalError::Database)?;
        Ok(Some(KeptPicture { png, svg: row.svg }))
    }

    /// Takes a picture away before its time, as where somebody on it asked not to be shown.
    pub async fn drop_picture(&self, token: &PictureToken) -> Result<(), JournalError> {
        let side = Side::Picture(Box::new(PictureWrite::Drop(token.to_string())));
        self.beside(Durability::Now, side).await.map(drop)
    }

    /// Deletes the pictures whose time is over. What a power cut brings back goes the next time.
    pub async fn forget_pictures(&self) -> Result<(), JournalError> {
        let before_ms = self.shared.clock.now_ms().saturating_sub(PICTURE_LIFE_MS);
        let side = Side::Picture(Box::new(PictureWrite::Forget(before_ms)));
        self.beside(Durability::Soon, side).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_differ_and_are_read_as_they_are_written() {
        let tokens: HashSet<PictureToken> = (0..1_000).map(|_| PictureToken::fresh()).collect();
        assert_eq!(tokens.len(), 1_000);
        for token in &tokens {
            assert_eq!(token.to_string().parse().as_ref(), Ok(token));
            assert!(!format!("{token:?}").contains(&token.to_string()));
        }
        let good = "0123456789abcdef".repeat(4);
        assert!(good.parse::<PictureToken>().is_ok());
        for text in [
            "",
            &good[1..],
            &format!("{good}0"),
            &good.to_uppercase(),
            &good.replace('f', "g"),
            &good.replace('f', "/"),
        ] {
            assert_eq!(text.parse::<PictureToken>(), Err(NoToken), "{text}");
        }
    }
}
