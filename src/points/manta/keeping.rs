//! Putting a new pair into the files that the settings name.
//!
//! Invariants: that it can be kept is proved before it is asked for. The new pair is written whole into
//! one private file first, beside the token's, and stays there until both files have their part: at no
//! moment after its arrival is it in memory alone. A file is replaced by a rename and never written in
//! place, so a reader finds the old content or the new one. Files keep their mode and owner.
//!
//! If the process dies:
//! - before the private file is written: nothing has changed here;
//! - after that: `finish` puts both into place, without another request;
//! - between the two renames: the bot is refused with a mixed pair until `finish` has run.

use std::fs;
use std::fs::File;
use std::fs::Metadata;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use super::pair::KeptSecret;
use super::pair::Pair;
use crate::support::secret::Secret;

/// Room taken for the new pair before it is asked for, in bytes, so that a full disk is noticed then.
const RESERVED: usize = 16 * 1024;

/// Where a pair is kept, and how a new one gets there.
#[derive(Clone, Debug)]
pub struct Keeper {
    token: PathBuf,
    secret: PathBuf,
    unfinished: PathBuf,
}

/// Why a new pair could not be kept; nothing has been asked for.
#[derive(Debug, thiserror::Error)]
pub enum Unkept {
    /// One of the two is not given as a file.
    #[error("`{0}` is not kept in a file")]
    NotInAFile(&'static str),
    /// Both are said to be kept in the same file.
    #[error("token and secret are kept in the same file")]
    OneFile,
    /// A pair from an earlier renewal is there and not in its place.
    #[error("file `{}` holds an earlier pair", .0.display())]
    LeftOver(PathBuf),
    /// A file cannot be replaced.
    #[error("file `{}` cannot be replaced", file.display())]
    NotWritable {
        /// Which.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Why a new pair is not in its place. It is kept all the same where `unfinished` is given.
#[derive(Debug, thiserror::Error)]
#[error("file `{}` could not be written", file.display())]
pub struct KeepError {
    /// Which file failed.
    pub file: PathBuf,
    /// The private file that has the whole new pair.
    pub unfinished: Option<PathBuf>,
    /// Why.
    #[source]
    pub source: io::Error,
}

#[derive(Deserialize, Serialize)]
struct Unfinished {
    token: String,
    secret: String,
}

impl Keeper {
    /// The places of a pair whose both parts are kept in files.
    pub fn of(token: &KeptSecret, secret: &KeptSecret) -> Result<Self, Unkept> {
        let place = |kept: &KeptSecret, name| {
            let file = kept.file.clone().ok_or(Unkept::NotInAFile(name))?;
            // What a link points to is replaced, not the link.
            let found = fs::canonicalize(&file);
            found.map_err(|source| Unkept::NotWritable { file, source })
        };
        let (token, secret) = (place(token, "token")?, place(secret, "secret")?);
        if token == secret {
            return Err(Unkept::OneFile);
        }
        Ok(Self {
            unfinished: beside(&token, ".renewed"),
            token,
            secret,
        })
    }

    /// The file that has a new pair which is not in its place.
    pub fn unfinished(&self) -> &Path {
        &self.unfinished
    }

    /// The pair an earlier renewal could not put into place, if there is one.
    pub fn left_over(&self) -> io::Result<Option<Pair>> {
        let text = match fs::read_to_string(&self.unfinished) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        // Room that was taken and never used: no pair has come.
        if text.trim().is_empty() {
            return Ok(None);
        }
        // Its own error may repeat what it read.
        let broken = || io::Error::new(io::ErrorKind::InvalidData, "it is not whole");
        let read: Unfinished = serde_json::from_str(text.trim()).map_err(|_| broken())?;
        let pair = Pair::new(Secret::new(read.token), Secret::new(read.secret));
        pair.map(Some).map_err(|_| broken())
    }

    /// Proves that a pair can be kept and both files replaced, and takes the room for it.
    pub fn prove(&self) -> Result<(), Unkept> {
        if !matches!(self.left_over(), Ok(None)) {
            return Err(Unkept::LeftOver(self.unfinished.clone()));
        }
        for file in [&self.token, &self.secret] {
            let new = beside(file, ".new");
            let tried = replacement(file, &new).and_then(|_| fs::remove_file(&new));
            tried.map_err(|source| Unkept::NotWritable {
                file: file.clone(),
                source,
            })?;
        }
        let taken = private(&self.unfinished).and_then(|mut file| {
            file.write_all(&[b' '; RESERVED])?;
            file.sync_all()?;
            sync_folder(&self.unfinished)
        });
        taken.map_err(|source| Unkept::NotWritable {
            file: self.unfinished.clone(),
            source,
        })
    }

    /// Gives the room back: there is nothing to keep in it.
    pub fn give_up(&self) {
        if let Err(error) = fs::remove_file(&self.unfinished) {
            // It is empty, and the next renewal uses it.
            tracing::debug!(%error, "an empty file stays behind");
        }
    }

    /// Keeps a new pair, then puts it into place.
    pub fn keep(&self, pair: &Pair) -> Result<(), KeepError> {
        match self.write_down(pair) {
            Ok(()) => self.finish(pair),
            Err(error) => {
                // Worse than expected, but both files may still take it.
                tracing::warn!(%error, "the new pair could not be written down first");
                self.place(pair, None)?;
                self.give_up();
                Ok(())
            }
        }
    }

    /// Puts a pair into place that is written down already.
    pub fn finish(&self, pair: &Pair) -> Result<(), KeepError> {
        self.place(pair, Some(&self.unfinished))?;
        let cleared =
            fs::remove_file(&self.unfinished).and_then(|()| sync_folder(&self.unfinished));
        cleared.map_err(|source| KeepError {
            file: self.unfinished.clone(),
            unfinished: Some(self.unfinished.clone()),
            source,
        })
    }

    /// Into the room that was taken, so that it cannot be missing now.
    fn write_down(&self, pair: &Pair) -> io::Result<()> {
        let text = serde_json::to_string(&Unfinished {
            token: pair.token().expose().to_owned(),
            secret: pair.secret().expose().to_owned(),
        })?;
        let mut file = OpenOptions::new().write(true).open(&self.unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        sync_folder(&self.unfinished)
    }

    fn place(&self, pair: &Pair, kept: Option<&Path>) -> Result<(), KeepError> {
        for (file, value) in [(&self.token, pair.token()), (&self.secret, pair.secret())] {
            replace(file, value).map_err(|source| KeepError {
                file: file.clone(),
                unfinished: kept.map(Path::to_path_buf),
                source,
            })?;
        }
        Ok(())
    }
}

/// New file, sync, rename, sync of the folder.
fn replace(file: &Path, value: &Secret) -> io::Result<()> {
    let new = beside(file, ".new");
    let mut written = replacement(file, &new)?;
    written.write_all(value.expose().as_bytes())?;
    written.write_all(b"\n")?;
    written.sync_all()?;
    drop(written);
    fs::rename(&new, file)?;
    sync_folder(file)
}

/// An empty file for what comes into the place of `file`, with its mode and owner.
fn replacement(file: &Path, new: &Path) -> io::Result<File> {
    let old = fs::metadata(file)?;
    let created = private(new)?;
    like(&created, new, &old)?;
    Ok(created)
}

/// A new file that nobody else may read. One of that name that a dead process left is removed.
fn private(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(unix)]
fn like(created: &File, path: &Path, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::fs::chown;

    let own = created.metadata()?;
    // Else the bot, which may run as somebody else, could not read it any more.
    if (own.uid(), own.gid()) != (old.uid(), old.gid()) {
        chown(path, Some(old.uid()), Some(old.gid()))?;
    }
    created.set_permissions(old.permissions())
}

#[cfg(not(unix))]
fn like(created: &File, _path: &Path, old: &Metadata) -> io::Result<()> {
    created.set_permissions(old.permissions())
}

#[cfg(unix)]
fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_file: &Path) -> io::Result<()> {
    // A folder cannot be opened as a file there; a rename is written with its file.
    Ok(())
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests;
