//! The file that outlives the process: facts, one JSON line each, appended.
//!
//! A line is written before the change it tells of is made, so whatever anybody has seen is in
//! the file, also after the process was killed. A last line without its line feed was never
//! answered and is dropped. At start the file is written anew, shortened, and renamed into place.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sandbox::store::private_file;

/// The open file.
pub struct FactFile {
    file: Arc<File>,
    length: u64,
    /// Set when a torn line could not be taken back: a line after it would be lost with it.
    torn: bool,
}

impl FactFile {
    /// The facts of a file; `None` if there is no such file or it is empty.
    pub fn read<F: DeserializeOwned>(path: &Path) -> io::Result<Option<Vec<F>>> {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if text.is_empty() {
            return Ok(None);
        }
        let Some(last) = text.iter().rposition(|byte| *byte == b'\n') else {
            // No file of ours: they begin with whole lines. Better not to overwrite it.
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{} is not a file of the sandbox", path.display()),
            ));
        };
        let mut facts = Vec::new();
        for (at, line) in text[..last].split(|byte| *byte == b'\n').enumerate() {
            let fact = serde_json::from_slice(line).map_err(|error| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("{}, line {}: {error}", path.display(), at + 1),
                )
            })?;
            facts.push(fact);
        }
        Ok(Some(facts))
    }

    /// Puts these facts in place of whatever the file holds and opens it for appending.
    pub fn replace<F: Serialize>(path: &Path, facts: &[F]) -> io::Result<Self> {
        let mut fresh = PathBuf::from(path).into_os_string();
        fresh.push(".new");
        let fresh = PathBuf::from(fresh);
        let mut text = Vec::new();
        for fact in facts {
            text.extend(line(fact)?);
        }
        let mut file = private_file(&fresh)?;
        file.write_all(&text)?;
        file.sync_all()?;
        drop(file);
        std::fs::rename(&fresh, path)?;
        let file = OpenOptions::new().append(true).open(path)?;
        let length = file.metadata()?.len();
        Ok(Self {
            file: Arc::new(file),
            length,
            torn: false,
        })
    }

    /// Writes a fact behind the others; after an error the file is as before.
    pub fn append<F: Serialize>(&mut self, fact: &F) -> io::Result<()> {
        if self.torn {
            return Err(io::Error::other("an earlier line could not be finished"));
        }
        let line = line(fact)?;
        let mut file: &File = &self.file;
        if let Err(error) = file.write_all(&line) {
            self.torn = self.file.set_len(self.length).is_err();
            return Err(error);
        }
        self.length += u64::try_from(line.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// The file, for pushing it from the system's memory to the disk without a lock.
    pub fn handle(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }
}

fn line<F: Serialize>(fact: &F) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(fact)?;
    line.push(b'\n');
    Ok(line)
}
