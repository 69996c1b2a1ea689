//! `[swan.NAME]` and `[manta.NAME]`: points systems of which there may be several.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::time::Duration;

use reqwest::header::HeaderName;

use crate::config::forms;
use crate::config::names;
use crate::config::reader::Complaint;
use crate::config::reader::Reader;
use crate::config::reader::Section;
use crate::config::secrets::SecretSource;
use crate::config::sections::warn_in_the_clear;
use crate::config::tree::Node;
use crate::config::tree::Value;
use crate::model::System;
use crate::model::SystemKind;
use crate::model::account_form::AccountTemplate;
use crate::points::Repeats;
use crate::points::Taking;
use crate::points::manta::Bound;
use crate::points::manta::KeptSecret;
use crate::points::manta::MantaSettings;
use crate::points::swan::SwanSettings;

/// Where MantaGO is. Source: points-backends, 3.1.
const MANTA_URL: &str = "https://mantago.cc/api";
/// One deadline for a whole request, as for the mall.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The `type` of a change where none is named.
const CHANGE_TYPE: &str = "FANBOOK";

/// Reads every `[swan.NAME]`, by name.
pub(super) fn swans(reader: &mut Reader<'_>, top: &Section<'_>) -> BTreeMap<String, SwanSettings> {
    each(reader, top, "swan", names::SWAN, swan)
}

/// Reads every `[manta.NAME]`, by name.
pub(super) fn mantas(
    reader: &mut Reader<'_>,
    top: &Section<'_>,
) -> BTreeMap<String, MantaSettings> {
    each(reader, top, "manta", names::MANTA, manta)
}

/// Reads every `template` of `[swan.NAME]`.
pub(super) fn templates(
    reader: &mut Reader<'_>,
    top: &Section<'_>,
) -> HashMap<System, AccountTemplate> {
    let all = reader.table(top, "swan");
    let mut found = HashMap::new();
    for (name, entry) in all.entries() {
        let section = reader.open(&entry.node, all.key_path(name));
        if let Some(template) = reader.read(&section, "template", template) {
            found.insert(System::swan(name), template);
        }
    }
    found
}

fn template(node: &Node) -> Result<AccountTemplate, Complaint> {
    let text = forms::text(node)?;
    AccountTemplate::read(SystemKind::Swan, &text).map_err(|wrong| {
        Complaint::new(wrong).helping(
            "write an id with the member's long id in it: `@retail_{fanbook_long_id}:corp.example`",
        )
    })
}

/// A system that is set up, by its name.
pub(super) fn system(node: &Node, top: &Section<'_>) -> Result<System, Complaint> {
    let name = forms::text(node)?;
    let set_up = set_up(top);
    match System::read(&name) {
        Some(system) if set_up.contains(&name) => Ok(system),
        Some(_) if name == "mall" => Err(Complaint::new(
            "the mall is named here, but `[mall]` is missing",
        )
        .helping("add `[mall]` with `app_key` and `app_secret`")),
        Some(_) => {
            let meant = names::close(&name, set_up.iter().map(String::as_str));
            Err(Complaint::new(format!("`[{name}]` is missing")).suggesting(meant))
        }
        None => {
            let known = set_up.iter().map(String::as_str);
            let meant = names::close(&name, known).map(str::to_owned);
            Err(Complaint::new("no points system of this name is set up")
                .suggesting(meant)
                .helping("write `mall`, `ledger`, or the name of a section such as `swan.hq`"))
        }
    }
}

/// The names of all systems that are there.
fn set_up(top: &Section<'_>) -> Vec<String> {
    let mut names = vec!["ledger".to_owned()];
    if top.node("mall").is_some() {
        names.push("mall".to_owned());
    }
    for kind in ["swan", "manta"] {
        if let Some(Value::Table(table)) = top.node(kind).map(|node| &node.value) {
            names.extend(table.keys().map(|name| format!("{kind}.{name}")));
        }
    }
    names
}

fn each<T>(
    reader: &mut Reader<'_>,
    top: &Section<'_>,
    kind: &str,
    keys: &[&str],
    read: fn(&mut Reader<'_>, &Section<'_>) -> Option<T>,
) -> BTreeMap<String, T> {
    let all = reader.table(top, kind);
    let mut found = BTreeMap::new();
    for (name, entry) in all.entries() {
        let section = reader.open(&entry.node, all.key_path(name));
        reader.check_keys(&section, keys);
        if !section.is_present() {
            continue;
        }
        if let Some(settings) = read(reader, &section) {
            found.insert(name.clone(), settings);
        }
    }
    found
}

fn swan(reader: &mut Reader<'_>, section: &Section<'_>) -> Option<SwanSettings> {
    let base_url = reader.require(section, "base_url", forms::address(["http", "https"]));
    warn_in_the_clear(reader, section, "base_url", base_url.as_deref());
    let deduct = reader.read(section, "deduct", forms::one_of(&["off", "negative"]));
    let dedup = reader.read(section, "transaction_id_dedup", forms::boolean);
    let change_type = reader.read(section, "change_type", forms::text);
    let acts_as = reader.read(section, "acts_as", forms::text);
    let headers = headers(reader, section);
    let timeout = timeout(reader, section);
    Some(SwanSettings {
        base_url: base_url?,
        headers,
        deduct: match deduct.as_deref() {
            Some("negative") => Taking::Enabled,
            _ => Taking::NotEnabled,
        },
        transaction_id: match dedup {
            Some(true) => Repeats::Dropped,
            _ => Repeats::Unpromised,
        },
        change_type: change_type.unwrap_or_else(|| CHANGE_TYPE.to_owned()),
        acts_as,
        timeout,
    })
}

fn headers(
    reader: &mut Reader<'_>,
    section: &Section<'_>,
) -> Vec<(String, crate::support::secret::Secret)> {
    let table = reader.table(section, "headers");
    let mut headers = Vec::new();
    for (name, entry) in table.entries() {
        let path = table.key_path(name);
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            let complaint = Complaint::new(format!("`{path}`: no header can have this name"));
            reader.find(&path, &entry.key, complaint);
            continue;
        }
        if let Some(secret) = reader.secret(&table, name) {
            headers.push((name.clone(), secret));
        }
    }
    headers
}

fn manta(reader: &mut Reader<'_>, section: &Section<'_>) -> Option<MantaSettings> {
    let base_url = reader.read(section, "base_url", forms::address(["http", "https"]));
    warn_in_the_clear(reader, section, "base_url", base_url.as_deref());
    let bot_id = reader.require(section, "bot_id", forms::text);
    let token = kept_secret(reader, section, "token");
    let secret = kept_secret(reader, section, "secret");
    let bound = forms::one_of(&["fanbook_long_id"]);
    let bound = reader.read(section, "customer_id", bound);
    let timeout = timeout(reader, section);
    Some(MantaSettings {
        base_url: base_url.unwrap_or_else(|| MANTA_URL.to_owned()),
        bot_id: bot_id?,
        token: token?,
        secret: secret?,
        bound: match bound {
            Some(_) => Bound::ByLongId,
            None => Bound::No,
        },
        timeout,
    })
}

/// A secret, and the file it is kept in where it is.
fn kept_secret(reader: &mut Reader<'_>, section: &Section<'_>, key: &str) -> Option<KeptSecret> {
    let value = reader.secret(section, key)?;
    let node = section.node(key)?;
    let file = match reader.secret_source(&section.key_path(key), node)? {
        SecretSource::File(path) => Some(reader.folder.join(path)),
        SecretSource::Literal(_) | SecretSource::Variable(_) => None,
    };
    Some(KeptSecret { value, file })
}

fn timeout(reader: &mut Reader<'_>, section: &Section<'_>) -> Duration {
    let range = Duration::from_millis(1)..=Duration::from_secs(60);
    let timeout = reader.read(section, "timeout", forms::length(range));
    timeout.unwrap_or(TIMEOUT)
}
