//! What is said where the words of `/schedule` could not be read: what was read, what is wrong with it,
//! and a line to copy.

use crate::boards::said;
use crate::commands::ScheduleWrong;
use crate::commands::args::Unread;
use crate::commands::schedule::texts::*;
use crate::guilds::LONGEST_NAME;
use crate::guilds::MOST_ROWS;
use crate::model::period::Counted;
use crate::model::period::MOST_DAYS;
use crate::model::period::NoPeriod;
use crate::support::cron::Field;
use crate::support::cron::NoRecurrence;
use crate::support::cron::Recurrence;
use crate::support::cron::SHORTEST_SECONDS;
use crate::words::Hole;
use crate::words::Reply;
use crate::words::Word;

/// At most so much of what was read is repeated, in characters.
const REPEATED: usize = 40;

/// A line to copy that adds a board, with what could be read in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    name: Option<String>,
    at: Option<Recurrence>,
    counted: Option<Counted>,
}

impl Line {
    /// The line for a board of which all this is known.
    pub(super) fn of(name: &str, at: &Recurrence, counted: Counted) -> Self {
        Self {
            name: Some(name.to_owned()),
            at: Some(at.clone()),
            counted: Some(counted),
        }
    }

    /// The line.
    pub(super) fn reply(&self, command: &str) -> Reply {
        self.filled(&LINE, command)
    }

    /// The line with the id of some channel.
    pub(super) fn in_a_channel(&self, command: &str) -> Reply {
        self.filled(&LINE_CHANNEL, command)
    }

    fn filled(&self, word: &'static Word, command: &str) -> Reply {
        let name = match &self.name {
            Some(text) if text.contains(char::is_whitespace) => {
                said(Reply::new(&QUOTED).with("text", name(text)))
            }
            Some(text) => name(text),
            None => Hole::Own("weekly".to_owned()),
        };
        let monday = || Hole::Own("\"0 9 * * MON\"".to_owned());
        let counted = self.counted.map(|counted| counted.to_string());
        Reply::new(word)
            .with("command", Hole::Own(command.to_owned()))
            .with("name", name)
            .with("at", self.at.as_ref().map_or_else(monday, at))
            .with(
                "period",
                Hole::Own(counted.unwrap_or_else(|| "week".to_owned())),
            )
    }
}

/// What is said.
pub(super) fn wrong_reply(wrong: &ScheduleWrong, command: &str) -> Reply {
    let line = Line {
        name: wrong.name.clone(),
        at: wrong.at.clone(),
        counted: None,
    };
    let line = said(line.reply(command));
    let of = |word, read: &str| {
        let read = Hole::Untrusted(shortened(read));
        Reply::new(word).with("read", read)
    };
    let reply = match &wrong.why {
        Unread::NoName(Some(_)) => {
            return Reply::new(&NO_NAME).with("command", Hole::Own(command.to_owned()));
        }
        Unread::NoName(None) => Reply::new(&NO_NEW_NAME),
        Unread::LongName(length) => Reply::new(&LONG_NAME)
            .with("cap", number(LONGEST_NAME))
            .with("length", number(*length)),
        Unread::Verb(read) => of(&BAD_VERB, read),
        Unread::OpenQuote(read) => of(&OPEN_QUOTE, read),
        Unread::NoTime => Reply::new(&NO_TIME),
        Unread::Time(read, why) => bad_time(read, why),
        Unread::NoPeriod => Reply::new(&NO_PERIOD),
        Unread::Period(read, Some(NoPeriod::TooLong)) => {
            of(&LONG_PERIOD, read).with("cap", Hole::Number(i64::from(MOST_DAYS)))
        }
        Unread::Period(read, Some(_)) => of(&BAD_PERIOD, read),
        Unread::Period(read, None) => of(&DATES, read),
        Unread::Rows(read) => of(&BAD_ROWS, read).with("cap", Hole::Number(i64::from(MOST_ROWS))),
        Unread::Channel(read) => of(&BAD_CHANNEL, read),
        Unread::Surplus(read) => of(&SURPLUS, read),
    };
    reply.with("line", line)
}

fn bad_time(read: &str, why: &NoRecurrence) -> Reply {
    let of = |word| Reply::new(word).with("read", Hole::Untrusted(shortened(read)));
    match why {
        NoRecurrence::Unknown => of(&BAD_TIME),
        NoRecurrence::Field { field, read: part } => of(&BAD_FIELD)
            .with(
                "field",
                said(Reply::new(match field {
                    Field::Minute => &MINUTE,
                    Field::Hour => &HOUR,
                    Field::Day => &OF_MONTH,
                    Field::Month => &OF_YEAR,
                    Field::Weekday => &WEEKDAY,
                })),
            )
            .with("part", Hole::Untrusted(shortened(part)))
            .with("values", Hole::Own(field.values().to_owned())),
        NoRecurrence::Never => of(&NEVER),
        NoRecurrence::TooOften => {
            of(&TOO_OFTEN).with("minutes", Hole::Number(SHORTEST_SECONDS / 60))
        }
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(REPEATED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
