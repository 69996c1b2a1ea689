//! What lives by the clock: gateway tokens, and how far the clock itself was moved.

use super::Note;
use super::State;
use crate::sandbox::store::Record;

/// How long a gateway token lives without a ping, in milliseconds. Source: fanbook-platform, 1.3.
pub const TOKEN_LIFE_MS: i64 = 24 * 3_600_000;

impl State {
    /// Makes a gateway token that lives for a day.
    pub fn issue_token(&mut self, token: String, now_ms: i64) {
        self.tokens.retain(|_, expires_ms| *expires_ms > now_ms);
        if self.settings.new_token_revokes_old {
            self.tokens.clear();
        }
        self.prolong_token(token, now_ms);
    }

    /// Whether a gateway token is alive.
    pub fn token_lives(&self, token: &str, now_ms: i64) -> bool {
        self.tokens
            .get(token)
            .is_some_and(|expires_ms| *expires_ms > now_ms)
    }

    /// Gives a token another day, as a ping does; kept on disk only by the hour.
    pub fn prolong_token(&mut self, token: String, now_ms: i64) {
        let expires_ms = now_ms + TOKEN_LIFE_MS;
        let known = self.tokens.insert(token.clone(), expires_ms);
        if known.is_none_or(|before| expires_ms - before > 3_600_000) {
            self.keep(&Record::Token { token, expires_ms });
        }
    }

    /// How far the clock was moved when that was last noted, in milliseconds.
    pub fn shift_ms(&self) -> i64 {
        self.shift_ms
    }

    /// Notes how far the clock has been moved, in milliseconds.
    pub fn note_shift(&mut self, shift_ms: i64) {
        let record = Record::Clock { shift_ms };
        self.keep(&record);
        self.take_in(record);
        self.note(Note::Clock);
    }

    /// Lets the tokens that are alive now live through a leap of the clock, in milliseconds.
    pub fn tokens_leap(&mut self, now_ms: i64, ms: i64) {
        self.tokens.retain(|_, expires_ms| *expires_ms > now_ms);
        let alive: Vec<String> = self.tokens.keys().cloned().collect();
        for token in alive {
            let expires_ms = self.tokens[&token].saturating_add(ms);
            let record = Record::Token { token, expires_ms };
            self.keep(&record);
            self.take_in(record);
        }
    }
}
