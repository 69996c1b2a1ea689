//! A trouble that lasts, told when it begins and when it is over.

/// Whether something that is tried again and again works, for whoever writes the log.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outage {
    lasts: bool,
}

/// What is news about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It does not work any more.
    Begun,
    /// It works again.
    Over,
    /// It is as it was.
    Nothing,
}

impl Outage {
    /// Notes whether the latest try worked.
    pub fn note(&mut self, worked: bool) -> News {
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
        let mut outage = Outage::default();
        let tries = [true, true, false, false, false, true, true, false, true];
        let news: Vec<News> = tries.into_iter().map(|it| outage.note(it)).collect();
        use News::*;
        assert_eq!(
            news,
            [
                Nothing, Nothing, Begun, Nothing, Nothing, Over, Nothing, Begun, Over
            ]
        );
    }
}
