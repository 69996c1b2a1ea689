//! `[[guild.board]]`: leaderboards that post themselves.

use std::time::Duration;

use crate::config::advice::Advice;
use crate::config::forms;
use crate::config::names;
use crate::config::reader::Complaint;
use crate::config::reader::Reader;
use crate::config::reader::Section;
use crate::config::tree::Node;
use crate::guilds::BoardSchedule;
use crate::guilds::DEFAULT_CATCH_UP;
use crate::guilds::DEFAULT_ROWS;
use crate::guilds::LONGEST_NAME;
use crate::guilds::MOST_ROWS;
use crate::guilds::PostMode;
use crate::guilds::is_same_name;
use crate::model::ChannelId;
use crate::model::period::Counted;
use crate::model::period::MOST_DAYS;
use crate::model::period::NoPeriod;
use crate::model::period::Period;
use crate::support::cron::NoRecurrence;
use crate::support::cron::Recurrence;

/// A post that is older than this is news to nobody.
const LONGEST_CATCH_UP: Duration = Duration::from_secs(7 * 86_400);

/// Reads every `[[guild.board]]` of a guild.
pub(super) fn boards(reader: &mut Reader<'_>, guild: &Section<'_>) -> Vec<BoardSchedule> {
    let sections = reader.tables(guild, "board", names::BOARD);
    let given: Vec<Option<String>> = sections
        .iter()
        .map(|section| reader.read(section, "name", name))
        .collect();
    let mut boards = Vec::with_capacity(sections.len());
    for (place, section) in sections.iter().enumerate() {
        let name = match &given[place] {
            Some(name) => {
                unique(reader, section, name, &sections[..place], &given);
                name.clone()
            }
            None => unnamed(place, &given),
        };
        boards.extend(board(reader, section, name));
    }
    boards
}

/// Says which boards would have only those who asked for their points: nothing else reads balances.
pub(super) fn advise_to_sweep(
    reader: &mut Reader<'_>,
    guild: &Section<'_>,
    boards: &[BoardSchedule],
) {
    let of_balances = boards
        .iter()
        .filter(|board| board.counted == Counted::Balance);
    reader
        .advice
        .extend(of_balances.map(|board| Advice::Unswept {
            key: guild.key_path("sweep"),
            board: board.name.clone(),
        }));
}

fn board(reader: &mut Reader<'_>, section: &Section<'_>, name: String) -> Option<BoardSchedule> {
    if !section.is_present() {
        return None;
    }
    let channel = reader.require(section, "channel", channel);
    let at = reader.require(section, "at", at);
    let counted = reader.read(section, "period", period);
    let rows = forms::whole(1..=i64::from(MOST_ROWS));
    let rows = reader.read(section, "top", rows);
    let mode = reader.read(section, "mode", mode);
    let catch_up = forms::length(Duration::ZERO..=LONGEST_CATCH_UP);
    let catch_up = reader.read(section, "catch_up", catch_up);
    Some(BoardSchedule {
        name,
        channel: channel?,
        at: at?,
        counted: counted.unwrap_or(Counted::Earned(Period::Week)),
        rows: rows
            .and_then(|rows| u8::try_from(rows).ok())
            .unwrap_or(DEFAULT_ROWS),
        mode: mode.unwrap_or_default(),
        catch_up: catch_up.unwrap_or(DEFAULT_CATCH_UP),
    })
}

/// Finds a name that an earlier board of the guild has.
fn unique(
    reader: &mut Reader<'_>,
    section: &Section<'_>,
    name: &str,
    earlier: &[Section<'_>],
    given: &[Option<String>],
) {
    let has = |given: &Option<String>| given.as_deref().is_some_and(|it| is_same_name(it, name));
    let first = earlier.iter().zip(given).find(|(_, given)| has(given));
    let (Some((first, _)), Some(node)) = (first, section.node("name")) else {
        return;
    };
    let path = section.key_path("name");
    let complaint = Complaint::new(format!(
        "`{path}`: `{}` has this name already; capitals make no other",
        first.path
    ))
    .helping("give each board of a guild a name of its own");
    reader.find(&path, &node.origin, complaint);
}

/// What a board without a name is called: by its place, or the next that is free.
fn unnamed(place: usize, given: &[Option<String>]) -> String {
    let taken = |name: &String| given.iter().flatten().any(|it| is_same_name(it, name));
    let own = |number: usize| format!("board-{number}");
    // In steps of the list's length, so that no two boards without a name take the same.
    (place + 1..)
        .step_by(given.len().max(1))
        .map(own)
        .find(|name| !taken(name))
        .unwrap_or_else(|| own(place + 1))
}

fn name(node: &Node) -> Result<String, Complaint> {
    let name = forms::text(node)?;
    let length = name.chars().count();
    if length > LONGEST_NAME {
        return Err(Complaint::new(format!(
            "a board's name has at most {LONGEST_NAME} characters, this one has {length}"
        )));
    }
    Ok(name)
}

fn channel(node: &Node) -> Result<ChannelId, Complaint> {
    let id = forms::id(node);
    id.map(ChannelId::new).map_err(|complaint| {
        complaint.helping("a channel is named by its id, not by the name people see: `channel = 412345679201234575`")
    })
}

/// A clock time, or five fields of cron.
fn at(node: &Node) -> Result<Recurrence, Complaint> {
    let text = forms::text(node)?;
    text.parse().map_err(|why: NoRecurrence| {
        let help = match &why {
            NoRecurrence::Unknown | NoRecurrence::Field { .. } => {
                "write for example `09:00`, daily, or `0 9 * * MON`: minute, hour, day, month, weekday"
            }
            NoRecurrence::Never => "for the last day of each month write `L`: `0 9 L * *`",
            NoRecurrence::TooOften => {
                "a plain minute makes it once an hour: `0 * * * *`; or write a clock time: `09:00`"
            }
        };
        Complaint::new(why.to_string()).helping(help)
    })
}

/// What comes again: a named period or a number of days.
fn period(node: &Node) -> Result<Counted, Complaint> {
    const NAMED: [&str; 5] = ["day", "week", "month", "all", "balance"];
    let text = forms::text(node)?;
    match text.parse() {
        Ok(Counted::Earned(Period::Dates(..))) => {
            Err(Complaint::new("fixed dates give the same board every time")
                .helping("write what moves on with the calendar: day, week, month, or `7d`"))
        }
        Ok(counted) => Ok(counted),
        Err(NoPeriod::TooLong) => Err(Complaint::new(format!(
            "a board counts at most {MOST_DAYS} days"
        ))
        .helping("for more there is `all`")),
        Err(NoPeriod::Unknown | NoPeriod::Backwards) => Err(Complaint::new(
            "expected day, week, month, all, balance or a number of days such as `7d`",
        )
        .suggesting(names::close(&text.to_lowercase(), NAMED))),
    }
}

fn mode(node: &Node) -> Result<PostMode, Complaint> {
    let words = forms::one_of(&["post", "edit", "replace"]);
    let word = words(node)?;
    word.parse()
        .map_err(|error| Complaint::new(format!("{error}")))
}
