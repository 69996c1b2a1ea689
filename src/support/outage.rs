//! A trouble that lasts, logged when it begins and when it is over.

use std::fmt::Display;

/// Whether something that is tried again and again can be read.
#[derive(Clone, Copy, Debug)]
pub struct Outage {
    what: &'static str,
    lasts: bool,
}

/// What is news about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    /// It cannot be read any more.
    Begun,
    /// It can be read again.
    Over,
    /// It is as it was.
    Nothing,
}

impl Outage {
    /// None yet, of what is called so in the log.
    pub fn of(what: &'static str) -> Self {
        Self { what, lasts: false }
    }

    /// Notes how the latest try went, and logs what is news: an error at the beginning, a line at the end.
    pub fn note<E: Display>(&mut self, tried: &Result<(), E>) {
        let what = self.what;
        match (self.news(tried.is_ok()), tried) {
            (News::Begun, Err(error)) => tracing::error!(
                %error,
                "{what} cannot be read; it is tried again, and said when it works"
            ),
            (_, Err(error)) => tracing::debug!(%error, "{what} still cannot be read"),
            (News::Over, Ok(())) => tracing::info!("{what} can be read again"),
            (_, Ok(())) => {}
        }
    }

    fn news(&mut self, worked: bool) -> News {
        match (std::mem::replace(&mut self.lasts, !worked), worked) {
            (false, false) => News::Begun,
            (true, true) => News::Over,
            _ => News::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_ends_of_an_outage_are_news() {
        let mut outage = Outage::of("the journal");
        let tries = [true, true, false, false, false, true, true, false, true];
        let news: Vec<News> = tries.into_iter().map(|it| outage.news(it)).collect();
        use News::*;
        assert_eq!(
            news,
            [
                Nothing, Nothing, Begun, Nothing, Nothing, Over, Nothing, Begun, Over
            ]
        );
    }
}
