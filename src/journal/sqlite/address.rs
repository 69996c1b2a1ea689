//! Reads a store's address.
//!
//! ```text
//! address = "sqlite:" ["//"] path ["?" setting *("&" setting)]
//! setting = "mode=rwc" | "mode=rw" | "mode=ro" | "max_pages=" digits
//! ```
//!
//! The path is taken as written, relative to the working directory unless it begins with `/`.
//! No message shows an address, since another scheme's may hold a password.

use std::path::Path;
use std::path::PathBuf;

use crate::journal::error::JournalError;
use crate::journal::store::Access;

/// Where the file is and how it may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// The database file.
    pub path: PathBuf,
    /// What may be done with it.
    pub mode: Mode,
    /// The largest size of the file, in pages.
    pub max_pages: Option<u32>,
}

/// What may be done with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Read, write and create: what an address without a mode means.
    Create,
    /// Read and write a file that exists.
    Write,
    /// Write into a file that exists, beside whoever has it for themselves.
    Beside,
    /// Read a file that exists.
    Read,
}

impl Address {
    /// Reads `url` for what it is opened for, or says what to write instead.
    pub fn read(url: &str, access: Access) -> Result<Self, JournalError> {
        let Some((scheme, rest)) = url.split_once(':') else {
            return Err(refused("expected `sqlite://PATH`"));
        };
        match scheme {
            "sqlite" => {}
            _ => {
                return Err(refused(
                    "unknown kind of store, use `sqlite://PATH` or `postgres://…`",
                ));
            }
        }
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, settings) = rest.split_once('?').unwrap_or((rest, ""));
        if path.is_empty() || path.starts_with(":memory:") {
            return Err(refused("the journal needs a file: `sqlite://PATH`"));
        }
        let mut address = Self {
            path: PathBuf::from(path),
            mode: Mode::Create,
            max_pages: None,
        };
        for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
            address.set(setting)?;
        }
        address.mode = match (access, address.mode) {
            (Access::Own(_) | Access::Restore, mode) => mode,
            (Access::Read, _) | (_, Mode::Read) => Mode::Read,
            (Access::Beside, _) => Mode::Beside,
        };
        address.located()
    }

    /// The lock file beside the database.
    pub fn lock_path(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".lock");
        PathBuf::from(name)
    }

    fn set(&mut self, setting: &str) -> Result<(), JournalError> {
        match setting.split_once('=') {
            Some(("mode", "rwc")) => self.mode = Mode::Create,
            Some(("mode", "rw")) => self.mode = Mode::Write,
            Some(("mode", "ro")) => self.mode = Mode::Read,
            Some(("max_pages", digits)) => {
                let pages = digits.parse().ok().filter(|&pages: &u32| pages > 0);
                self.max_pages = Some(pages.ok_or_else(|| {
                    refused("`max_pages` is a number of pages from 1 to 4294967295")
                })?);
            }
            _ => {
                return Err(refused(
                    "after `?` only `mode=rwc`, `mode=rw`, `mode=ro` and `max_pages=N` are known",
                ));
            }
        }
        Ok(())
    }

    /// The same file under the one name that every process finds, so that all meet at one lock.
    fn located(mut self) -> Result<Self, JournalError> {
        if let Ok(real) = self.path.canonicalize() {
            if real.is_dir() {
                return Err(refused(format!(
                    "`{}` is a folder: name a file in it",
                    self.path.display()
                )));
            }
            self.path = real;
            return Ok(self);
        }
        let folder = match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let Some((name, real)) = self.path.file_name().zip(folder.canonicalize().ok()) else {
            return Err(refused(format!(
                "the folder `{}` does not exist: create it, or name another file in [store] url",
                folder.display()
            )));
        };
        if self.mode != Mode::Create {
            return Err(refused(format!(
                "there is no file `{}`: leave out `mode` to create it",
                self.path.display()
            )));
        }
        self.path = real.join(name);
        Ok(self)
    }
}

fn refused(why: impl Into<String>) -> JournalError {
    JournalError::Address(why.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BotId;
    use crate::model::UserId;

    const OWN: Access = Access::Own(BotId(UserId::new(1)));

    fn refusal(url: &str) -> String {
        Address::read(url, OWN).unwrap_err().to_string()
    }

    #[test]
    fn the_three_spellings_of_a_path_are_read() {
        let here = std::env::current_dir().unwrap().canonicalize().unwrap();
        for url in [
            "sqlite://no-such.db",
            "sqlite:no-such.db",
            "sqlite:./no-such.db",
        ] {
            let address = Address::read(url, OWN).unwrap();
            assert_eq!(address.path, here.join("no-such.db"), "{url}");
            assert_eq!(address.mode, Mode::Create);
        }
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap().join("a b.db");
        let url = format!("sqlite://{}?max_pages=9&mode=rwc", real.display());
        let address = Address::read(&url, OWN).unwrap();
        assert_eq!(address.path, real);
        assert_eq!(address.max_pages, Some(9));
        assert_eq!(address.lock_path(), real.with_file_name("a b.db.lock"));
    }

    #[test]
    fn refusals_say_what_to_do_and_show_no_password() {
        assert!(refusal("mysql://bot:hunter2@db/x").contains("use `sqlite://PATH`"));
        for url in [
            "postgres://bot:hunter2@db/x",
            "postgresql://bot:hunter2@db/x",
            "mysql://bot:hunter2@db/x",
            "hunter2",
            "sqlite://x.db?key=hunter2",
        ] {
            assert!(!refusal(url).contains("hunter2"), "{url}");
        }
        assert!(refusal("sqlite::memory:").contains("needs a file"));
        assert!(refusal("sqlite:///nowhere/at/all.db").contains("create it"));
        assert!(refusal("sqlite://no-such.db?mode=ro").contains("no file"));
        assert!(refusal("sqlite://no-such.db?max_pages=0").contains("max_pages"));
        assert!(refusal("sqlite:///").contains("folder"));
    }
}
