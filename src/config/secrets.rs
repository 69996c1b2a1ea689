//! Fetching secrets from where the settings say they are kept: the text itself, a variable, a file.

use crate::config::environment::Variable;
use crate::config::names;
use crate::config::reader::Complaint;
use crate::config::reader::Reader;
use crate::config::reader::Section;
use crate::config::tree::Node;
use crate::config::tree::Value;
use crate::support::secret::Secret;

impl Reader<'_> {
    /// The secret under `key`, fetched from where it is kept.
    pub(super) fn secret(&mut self, section: &Section<'_>, key: &str) -> Option<Secret> {
        let path = section.key_path(key);
        let Some(node) = section.node(key) else {
            self.missing(section, key);
            return None;
        };
        let source = self.secret_source(&path, node)?;
        match self.fetch(source) {
            Ok(secret) => Some(secret),
            Err(mut complaint) => {
                complaint.message = format!("`{path}`: {}", complaint.message);
                self.find(&path, &node.origin, complaint);
                None
            }
        }
    }

    /// Where a secret is kept, its form checked and nothing fetched.
    pub(super) fn secret_source<'n>(
        &mut self,
        path: &str,
        node: &'n Node,
    ) -> Option<SecretSource<'n>> {
        let table = match &node.value {
            Value::Table(table) => table,
            _ => match node.text() {
                Some(literal) => return Some(SecretSource::Literal(literal)),
                None => {
                    let complaint = Complaint::new(format!("`{path}`: {SECRET_FORMS}"));
                    self.find(path, &node.origin, complaint);
                    return None;
                }
            },
        };
        let section = self.open(node, path.to_owned());
        self.check_keys(&section, names::SECRET);
        let one = |key: &str| table.get(key).map(|entry| entry.node.text());
        match (one("env"), one("file")) {
            (Some(Some(name)), None) => Some(SecretSource::Variable(name)),
            (None, Some(Some(path))) => Some(SecretSource::File(path)),
            _ => {
                let complaint = Complaint::new(format!("`{path}`: {SECRET_FORMS}"));
                self.find(path, &node.origin, complaint);
                None
            }
        }
    }

    fn fetch(&self, source: SecretSource<'_>) -> Result<Secret, Complaint> {
        let (value, kept) = match source {
            SecretSource::Literal(literal) => (literal.to_owned(), "the secret".to_owned()),
            SecretSource::Variable(name) => {
                let kept = match looks_like_a_variable(name) {
                    true => format!("variable `{name}`"),
                    // Somebody may have put the secret itself where its variable's name belongs.
                    false => "the variable named here".to_owned(),
                };
                match self.environment.variable(name) {
                    Variable::Text(value) => (value.to_owned(), kept),
                    Variable::NotText => {
                        return Err(Complaint::new(format!("{kept} is not UTF-8")));
                    }
                    Variable::Unset => {
                        return Err(Complaint::new(format!("{kept} is not set"))
                            .helping("set it where guildpoints is started"));
                    }
                }
            }
            SecretSource::File(path) => {
                let path = self.folder.join(path);
                let kept = format!("file `{}`", path.display());
                let value = std::fs::read_to_string(&path).map_err(|error| {
                    Complaint::new(format!("{kept} cannot be read: {error}"))
                        .helping("a relative path counts from the folder of the settings file")
                })?;
                (value.trim_end_matches(['\n', '\r']).to_owned(), kept)
            }
        };
        if value.trim().is_empty() {
            return Err(Complaint::new(format!("{kept} is empty")));
        }
        if value.chars().any(char::is_control) {
            return Err(Complaint::new(format!(
                "{kept} has a line break or another control character inside"
            )));
        }
        Ok(Secret::new(value))
    }
}

/// Where a secret is kept.
pub(super) enum SecretSource<'n> {
    /// In the file or an override itself.
    Literal(&'n str),
    /// In a variable.
    Variable(&'n str),
    /// In a file.
    File(&'n str),
}

const SECRET_FORMS: &str =
    "a secret is written \"literal\", { env = \"NAME\" } or { file = \"path\" }";

/// Names of variables are capitals by custom; tokens of the platform are small hexadecimal digits.
fn looks_like_a_variable(name: &str) -> bool {
    name.len() <= 64
        && name
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}
