//! Settings that are agreed and have no effect yet: their form is checked, so that a file written
//! today still loads on the day they gain one.

use crate::config::forms;
use crate::config::reader::Reader;
use crate::config::reader::Section;

/// Reads what is reserved within a guild.
pub(super) fn of_guild(reader: &mut Reader<'_>, guild: &Section<'_>) {
    if reader.read(guild, "sweep", forms::boolean) == Some(true) {
        reader.reserve(guild.key_path("sweep"));
    }
}
