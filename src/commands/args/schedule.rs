//! What stands after `/schedule`.
//!
//! ```text
//! schedule = [ "list" ]
//!          | ( "preview" | "run" | "pause" | "resume" | "remove" ) name
//!          | "add" word at { period | channel | rows | mode }       the last four in any order
//! word     = one word, or several in quotation marks
//! name     = all words that are left
//! at       = clock | cron in quotation marks | five words of cron
//! channel  = a channel link | its id                                where absent this channel
//! rows     = "top" digits | "前" digits
//! mode     = "post" | "edit" | "replace"
//! ```
//!
//! Quotation marks are those of any keyboard. After the name of a new board there is one place for its
//! time, so the five words of a cron need no marks.

mod tokens;

use std::sync::LazyLock;

use regex::Regex;

use crate::commands::args::Args;
use crate::commands::args::LONG_ID;
use crate::commands::args::is_one_of;
use crate::commands::args::schedule::tokens::Token;
use crate::commands::args::schedule::tokens::tokens;
use crate::guilds::DEFAULT_ROWS;
use crate::guilds::LONGEST_NAME;
use crate::guilds::MOST_ROWS;
use crate::guilds::PostMode;
use crate::model::ChannelId;
use crate::model::Language;
use crate::model::period::Counted;
use crate::model::period::NoPeriod;
use crate::model::period::Period;
use crate::support::cron::NoRecurrence;
use crate::support::cron::Recurrence;

/// What is wanted of the boards that post themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ScheduleAsked {
    /// All of them.
    #[default]
    List,
    /// A new one.
    Add(Box<NewBoard>),
    /// Something with the one of that name. Untrusted text.
    With(ScheduleVerb, String),
    /// It could not be read.
    Wrong(Box<ScheduleWrong>),
}

/// What can be done with one that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleVerb {
    /// Show it as it would be posted now.
    Preview,
    /// Post it now.
    Run,
    /// Let it not be due.
    Pause,
    /// Let it be due again.
    Resume,
    /// Let it go.
    Remove,
}

/// A board that is to post itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBoard {
    /// Its name. Untrusted text.
    pub name: String,
    /// When.
    pub at: Recurrence,
    /// What it counts.
    pub counted: Counted,
    /// Where, if that was said.
    pub channel: Option<ChannelId>,
    /// How many rows.
    pub rows: u8,
    /// What becomes of the post before.
    pub mode: PostMode,
}

/// What could not be read, with what could, for a line to copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleWrong {
    /// What is wrong.
    pub why: Unread,
    /// The name that was read. Untrusted text.
    pub name: Option<String>,
    /// The time that was read.
    pub at: Option<Recurrence>,
}

/// What could not be read. All texts are untrusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// No known verb.
    Verb(String),
    /// No name.
    NoName(Option<ScheduleVerb>),
    /// A name with more characters than [`LONGEST_NAME`]: how many.
    LongName(usize),
    /// A quotation mark that is never closed, and what follows it.
    OpenQuote(String),
    /// No time.
    NoTime,
    /// No time that can be.
    Time(String, NoRecurrence),
    /// No period.
    NoPeriod,
    /// No period that can be; `None`: dates, which do not come again.
    Period(String, Option<NoPeriod>),
    /// No number of rows that can be.
    Rows(String),
    /// A channel that is named and not linked.
    Channel(String),
    /// It has no place here.
    Surplus(String),
}

impl ScheduleVerb {
    /// The verb as people of a language type it.
    pub fn shown(self, language: Language) -> &'static str {
        let words = VERBS.iter().find(|(verb, _)| *verb == self);
        match (words, language) {
            (Some((_, [english, ..])), Language::English) => english,
            (Some((_, [_, chinese, ..])), Language::Chinese) => chinese,
            _ => "",
        }
    }
}

const ADD_WORDS: [&str; 6] = ["add", "new", "新增", "添加", "增加", "新建"];
const LIST_WORDS: [&str; 4] = ["list", "列表", "查看", "全部"];
const VERBS: [(ScheduleVerb, &[&str]); 5] = [
    (ScheduleVerb::Preview, &["preview", "预览"]),
    (ScheduleVerb::Run, &["run", "立即", "立即发布", "执行"]),
    (ScheduleVerb::Pause, &["pause", "暂停"]),
    (ScheduleVerb::Resume, &["resume", "恢复", "继续"]),
    (ScheduleVerb::Remove, &["remove", "delete", "删除", "移除"]),
];
const PERIODS: [(Counted, &[&str]); 5] = [
    (
        Counted::Earned(Period::Day),
        &["day", "daily", "今日", "昨日", "每日", "日榜"],
    ),
    (
        Counted::Earned(Period::Week),
        &["week", "weekly", "本周", "上周", "每周", "周榜"],
    ),
    (
        Counted::Earned(Period::Month),
        &["month", "monthly", "本月", "上月", "每月", "月榜"],
    ),
    (Counted::Earned(Period::All), &["all", "总榜", "累计"]),
    (Counted::Balance, &["balance", "余额", "余额榜"]),
];
const MODES: [(PostMode, &[&str]); 3] = [
    (PostMode::Post, &["post", "新帖", "发新帖"]),
    (PostMode::Edit, &["edit", "编辑", "更新"]),
    (PostMode::Replace, &["replace", "替换"]),
];
/// Words between which a number of rows stands.
const ROWS_WORDS: [&str; 2] = ["top", "前"];
static CRON_WORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[0-9A-Za-z*/,#-]+$").expect("the pattern is fixed and valid"));
static ROWS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:top|前)([0-9]{1,9})(?:名|位)?$").expect("the pattern is fixed and valid")
});
static COUNT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^([0-9]{1,9})(?:名|位)?$").expect("the pattern is fixed and valid")
});

impl Args {
    /// Reads what is wanted of the boards that post themselves.
    pub fn schedule(self) -> ScheduleAsked {
        let wrong = |why| ScheduleAsked::Wrong(Box::new(ScheduleWrong::of(why)));
        let mut tokens = match tokens(self.pieces) {
            Ok(tokens) => tokens.into_iter(),
            Err(open) => return wrong(Unread::OpenQuote(open)),
        };
        let verb = match tokens.next() {
            None => return ScheduleAsked::List,
            Some(token) => token.shown(),
        };
        if is_one_of(&LIST_WORDS, &verb) {
            return match tokens.next() {
                None => ScheduleAsked::List,
                Some(token) => wrong(Unread::Surplus(token.shown())),
            };
        }
        if is_one_of(&ADD_WORDS, &verb) {
            let mut read = ScheduleWrong::of(Unread::NoPeriod);
            return match new_board(&tokens.collect::<Vec<_>>(), &mut read) {
                Ok(board) => ScheduleAsked::Add(Box::new(board)),
                Err(why) => ScheduleAsked::Wrong(Box::new(ScheduleWrong { why, ..read })),
            };
        }
        let known = VERBS.into_iter().find(|(_, words)| is_one_of(words, &verb));
        let Some((known, _)) = known else {
            return wrong(Unread::Verb(verb));
        };
        let name: Vec<String> = tokens.map(Token::shown).collect();
        match name.is_empty() {
            true => wrong(Unread::NoName(Some(known))),
            false => ScheduleAsked::With(known, name.join(" ")),
        }
    }
}

impl ScheduleWrong {
    fn of(why: Unread) -> Self {
        Self {
            why,
            name: None,
            at: None,
        }
    }
}

fn new_board(tokens: &[Token], read: &mut ScheduleWrong) -> Result<NewBoard, Unread> {
    let (name, rest) = match tokens {
        [Token::Word(name) | Token::Quoted(name), rest @ ..] if !name.is_empty() => (name, rest),
        _ => return Err(Unread::NoName(None)),
    };
    let length = name.chars().count();
    if length > LONGEST_NAME {
        return Err(Unread::LongName(length));
    }
    read.name = Some(name.clone());
    let (at, rest) = time(rest)?;
    read.at = Some(at.clone());
    let (mut counted, mut channel, mut rows, mut mode) = (None, None, None, None);
    let mut rest = rest.iter().peekable();
    while let Some(token) = rest.next() {
        let word = match token {
            Token::Channel(id) if channel.is_none() => {
                channel = Some(*id);
                continue;
            }
            Token::Word(word) | Token::Quoted(word) => word.to_lowercase(),
            Token::Channel(_) | Token::Named => return Err(Unread::Surplus(token.clone().shown())),
        };
        if rows.is_none() && ROWS_WORDS.contains(&word.as_str()) {
            let number = match rest.next() {
                Some(Token::Word(number)) => number.clone(),
                _ => String::new(),
            };
            rows = Some(row_count(
                COUNT.captures(&number),
                &format!("{word} {number}"),
            )?);
        } else if rows.is_none() && ROWS.is_match(&word) {
            rows = Some(row_count(ROWS.captures(&word), &word)?);
        } else if let (None, Some(found)) = (mode, one_of(&MODES, &word)) {
            mode = Some(found);
        } else if let (None, Some(id)) = (channel, channel_id(&word)?) {
            channel = Some(id);
        } else if counted.is_none() {
            counted = Some(period(&word)?);
        } else {
            return Err(Unread::Surplus(word));
        }
    }
    Ok(NewBoard {
        name: name.clone(),
        at,
        counted: counted.ok_or(Unread::NoPeriod)?,
        channel,
        rows: rows.unwrap_or(DEFAULT_ROWS),
        mode: mode.unwrap_or_default(),
    })
}

/// The time that the words begin with, and what follows it.
fn time(tokens: &[Token]) -> Result<(Recurrence, &[Token]), Unread> {
    let (read, rest) = match tokens {
        [Token::Quoted(text), rest @ ..] => (text.clone(), rest),
        [Token::Word(word), rest @ ..] if word.contains(':') => (word.clone(), rest),
        [Token::Word(word), ..] if word.starts_with(|c: char| c.is_ascii_digit() || c == '*') => {
            let is_field = |token: &&Token| match token {
                Token::Word(word) => CRON_WORD.is_match(word),
                _ => false,
            };
            let fields = tokens.iter().take(5).take_while(is_field).count();
            let (fields, rest) = tokens.split_at(fields.max(1));
            let words = fields.iter().cloned().map(Token::shown);
            (words.collect::<Vec<_>>().join(" "), rest)
        }
        [Token::Word(word), ..] if one_of(&PERIODS, &word.to_lowercase()).is_none() => {
            return Err(Unread::Time(word.clone(), NoRecurrence::Unknown));
        }
        _ => return Err(Unread::NoTime),
    };
    // `9:00` can only mean one thing.
    let padded = match read.as_bytes() {
        [hour, b':', ..] if hour.is_ascii_digit() => format!("0{read}"),
        _ => read.clone(),
    };
    let at = padded.parse().map_err(|why| Unread::Time(read, why))?;
    Ok((at, rest))
}

fn row_count(found: Option<regex::Captures<'_>>, read: &str) -> Result<u8, Unread> {
    let number = found.and_then(|found| found[1].parse::<u8>().ok());
    number
        .filter(|number| (1..=MOST_ROWS).contains(number))
        .ok_or_else(|| Unread::Rows(read.trim().to_owned()))
}

/// The channel a word is the id of; a name after `#` leads nowhere.
fn channel_id(word: &str) -> Result<Option<ChannelId>, Unread> {
    let (digits, marked) = match word.strip_prefix('#') {
        Some(digits) => (digits, true),
        None => (word, false),
    };
    let id = LONG_ID.is_match(digits).then(|| digits.parse().ok());
    match (id.flatten(), marked) {
        (Some(id), _) => Ok(Some(ChannelId::new(id))),
        (None, true) => Err(Unread::Channel(word.to_owned())),
        (None, false) => Ok(None),
    }
}

fn period(word: &str) -> Result<Counted, Unread> {
    if let Some(known) = one_of(&PERIODS, word) {
        return Ok(known);
    }
    let days = word.trim_start_matches(['近', '最']).strip_suffix('天');
    let plain = days.map_or(word.to_owned(), |days| format!("{days}d"));
    match plain.parse() {
        Ok(Counted::Earned(Period::Dates(..))) => Err(Unread::Period(word.to_owned(), None)),
        Ok(counted) => Ok(counted),
        Err(why) => Err(Unread::Period(word.to_owned(), Some(why))),
    }
}

fn one_of<T: Copy>(known: &[(T, &[&str])], word: &str) -> Option<T> {
    let found = known.iter().find(|(_, words)| words.contains(&word));
    found.map(|(one, _)| *one)
}

#[cfg(test)]
mod tests;
