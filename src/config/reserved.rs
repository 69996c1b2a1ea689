//! Settings that are agreed and have no effect yet: their form is checked, so that a file written
//! today still loads on the day they gain one.

use std::time::Duration;

use crate::config::forms;
use crate::config::names;
use crate::config::reader::Complaint;
use crate::config::reader::Reader;
use crate::config::reader::Section;
use crate::config::tree::Node;

const DAY: Duration = Duration::from_secs(86_400);

/// Reads what is reserved within a guild.
pub(super) fn of_guild(reader: &mut Reader<'_>, guild: &Section<'_>) {
    for board in reader.tables(guild, "board", names::BOARD) {
        reader.reserve(&board.path);
        reader.read(&board, "name", forms::text);
        reader.read(&board, "channel", forms::id);
        reader.read(&board, "at", at);
        reader.read(&board, "period", period);
        reader.read(&board, "top", forms::whole(1..=100));
        reader.read(&board, "mode", forms::one_of(&["post", "edit", "replace"]));
        reader.read(&board, "catch_up", forms::length(Duration::ZERO..=7 * DAY));
    }
}

/// A clock time, or five fields of cron.
fn at(node: &Node) -> Result<(), Complaint> {
    let text = forms::text(node)?;
    let is_clock = match text.split_once(':') {
        Some((hour, minute)) => {
            let within = |part: &str, most: u8| {
                part.len() == 2 && part.parse::<u8>().is_ok_and(|part| part <= most)
            };
            within(hour, 23) && within(minute, 59)
        }
        None => false,
    };
    let is_cron = text.split_whitespace().count() == 5
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || " *,-/#".contains(c));
    if is_clock || is_cron {
        Ok(())
    } else {
        Err(
            Complaint::new("expected a clock time or five fields of cron")
                .helping("write for example `09:00` or `0 9 * * MON`"),
        )
    }
}

/// A named period or a number of days.
fn period(node: &Node) -> Result<(), Complaint> {
    const NAMED: [&str; 5] = ["day", "week", "month", "all", "balance"];
    let text = forms::text(node)?;
    let days = text
        .strip_suffix('d')
        .and_then(|days| days.parse::<u16>().ok());
    if NAMED.contains(&text.as_str()) || days.is_some_and(|days| (1..=366).contains(&days)) {
        return Ok(());
    }
    Err(
        Complaint::new("expected day, week, month, all, balance or a number of days such as `7d`")
            .suggesting(names::close(&text, NAMED)),
    )
}
