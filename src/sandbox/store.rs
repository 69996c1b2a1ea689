//! What is kept of the imitated platform across restarts: one file of JSON lines.
//!
//! A line is written before the answer that depends on it leaves, so what a client was told
//! survives the death of the process. Opening reads all lines, then writes one compact copy beside
//! the file and renames it over, so a line torn by a crash disappears; a broken line anywhere else
//! is an error, since silently forgetting would look like a bug of the client.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::id_text;
use super::message::Message;
use super::world::Member;
use super::world::User;
use super::world::World;
use crate::model::ids::ChannelId;
use crate::model::ids::GuildId;
use crate::model::ids::UserId;

/// One line of the file: something that replaces what was known about its subject.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The whole world.
    World(Box<World>),
    /// An account.
    User(User),
    /// A member of a guild.
    Member {
        /// Which guild.
        #[serde(serialize_with = "id_text::one")]
        guild: GuildId,
        /// The member.
        member: Member,
    },
    /// Somebody is no longer in a guild.
    Gone {
        /// Which guild.
        #[serde(serialize_with = "id_text::one")]
        guild: GuildId,
        /// Who.
        #[serde(serialize_with = "id_text::one")]
        user: UserId,
    },
    /// A private chat with the bot.
    PrivateChat {
        /// With whom.
        #[serde(serialize_with = "id_text::one")]
        user: UserId,
        /// Its channel.
        #[serde(serialize_with = "id_text::one")]
        channel: ChannelId,
    },
    /// A gateway token.
    Token {
        /// The token.
        token: String,
        /// When it dies, in milliseconds since 1970.
        expires_ms: i64,
    },
    /// How far the clock has been moved.
    Clock {
        /// In milliseconds.
        shift_ms: i64,
    },
    /// A message, new or changed.
    Message(Box<Message>),
    /// A credit card of a member, or its removal.
    Credit {
        /// Which guild.
        #[serde(serialize_with = "id_text::one")]
        guild: GuildId,
        /// Whose.
        #[serde(serialize_with = "id_text::one")]
        user: UserId,
        /// Which card.
        card: String,
        /// What stands on it; none removes it.
        content: Option<Value>,
    },
}

/// The open file.
pub struct Store {
    file: File,
}

impl Store {
    /// All records of a file, oldest first; none if there is no such file.
    pub fn read(path: &Path) -> io::Result<Vec<Record>> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let whole = text.ends_with('\n');
        let lines: Vec<&str> = text.lines().collect();
        let mut records = Vec::with_capacity(lines.len());
        for (at, line) in lines.iter().enumerate() {
            match serde_json::from_str(line) {
                Ok(record) => records.push(record),
                Err(_) if at + 1 == lines.len() && !whole => break,
                Err(error) => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        format!(
                            "line {} of the sandbox's file is unreadable: {error}",
                            at + 1
                        ),
                    ));
                }
            }
        }
        Ok(records)
    }

    /// Replaces the file by these records and keeps it open for more.
    pub fn rewrite<'a>(path: &Path, records: impl Iterator<Item = &'a Record>) -> io::Result<Self> {
        let fresh = beside(path);
        let mut writer = BufWriter::new(private_file(&fresh)?);
        for record in records {
            write_line(&mut writer, record)?;
        }
        writer.into_inner()?.sync_all()?;
        fs::rename(&fresh, path)?;
        let file = OpenOptions::new().append(true).open(path)?;
        Ok(Self { file })
    }

    /// Adds a record; it is with the operating system when this returns.
    pub fn append(&mut self, record: &Record) -> io::Result<()> {
        let mut line = Vec::new();
        write_line(&mut line, record)?;
        // One write, so that a crash leaves at most one torn line, the last.
        self.file.write_all(&line)
    }
}

fn write_line(writer: &mut impl Write, record: &Record) -> io::Result<()> {
    serde_json::to_writer(&mut *writer, record)?;
    writer.write_all(b"\n")
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// A new file that nobody else may read: the sandbox's files hold tokens.
pub fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: i64) -> Record {
        Record::Token {
            token: format!("t{number}"),
            expires_ms: number,
        }
    }

    #[test]
    fn a_torn_last_line_is_forgotten_and_a_broken_middle_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.jsonl");
        assert!(Store::read(&path).unwrap().is_empty());
        let mut store = Store::rewrite(&path, [token(1)].iter()).unwrap();
        store.append(&token(2)).unwrap();
        store.file.write_all(b"{\"token\":{\"tok").unwrap();
        assert_eq!(Store::read(&path).unwrap().len(), 2);
        store.file.write_all(b"\n{}\n").unwrap();
        let error = Store::read(&path).err().unwrap();
        assert!(error.to_string().contains("line 3"), "{error}");
    }
}
