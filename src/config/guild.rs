//! `[[guild]]` and what belongs to it.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::config::boards;
use crate::config::forms;
use crate::config::names;
use crate::config::reader::Complaint;
use crate::config::reader::Reader;
use crate::config::reader::Section;
use crate::config::systems;
use crate::config::tree::Node;
use crate::config::tree::Origin;
use crate::guilds::GuildSettings;
use crate::model::Amount;
use crate::model::GuildId;
use crate::model::Language;
use crate::model::Policy;
use crate::model::RoleId;
use crate::model::System;
use crate::model::SystemKind;
use crate::model::UserId;
use crate::model::amount::LARGEST;
use crate::model::policy::ManageGuild;
use crate::model::policy::Preset;
use crate::model::policy::RewardLimits;

/// What a guild takes over where it names nothing of its own.
pub(super) struct Defaults {
    pub(super) language: Language,
    pub(super) zone: TimeZone,
}

/// The largest sum of points a limit may name.
const LARGEST_SUM: i64 = 1_000_000_000;
/// The longest reason, in UTF-16 units. Source: points-backends, 1.9: a remark has 99 at most.
const LONGEST_REASON: usize = 99;
/// The longest time a giver may undo alone.
const LONGEST_UNDO: Duration = Duration::from_secs(30 * 86_400);

/// Reads every `[[guild]]`.
pub(super) fn guilds(
    reader: &mut Reader<'_>,
    top: &Section<'_>,
    defaults: &Defaults,
) -> Vec<GuildSettings> {
    let sections = reader.tables(top, "guild", names::GUILD);
    if sections.is_empty() && top.node("guild").is_none_or(|node| node.kind() == "a list") {
        let complaint = Complaint::new("no guild is set up: `[[guild]]` is missing").helping(
            "add `[[guild]]` with `id = …`; `guildpoints example-config` shows a whole file",
        );
        reader.find("guild", &Origin::Whole, complaint);
    }
    let mut guilds = Vec::with_capacity(sections.len());
    let mut seen: HashMap<GuildId, String> = HashMap::new();
    for section in &sections {
        let Some(guild) = guild(reader, section, top, defaults) else {
            continue;
        };
        let id = guild.policy.guild;
        if let Some(first) = seen.get(&id) {
            let complaint = Complaint::new(format!(
                "`{}.id`: guild {id} is set up twice, first in `{first}`",
                section.path
            ))
            .helping("keep one `[[guild]]` of the two");
            let origin = section.node("id").map(|node| node.origin.clone());
            let origin = origin.unwrap_or(section.origin.clone());
            reader.find(&section.key_path("id"), &origin, complaint);
        }
        seen.entry(id).or_insert_with(|| section.path.clone());
        guilds.push(guild);
    }
    guilds
}

fn guild(
    reader: &mut Reader<'_>,
    section: &Section<'_>,
    top: &Section<'_>,
    defaults: &Defaults,
) -> Option<GuildSettings> {
    let id = reader.require(section, "id", forms::id);
    let name = reader.read(section, "name", forms::text);
    let language = reader.read(section, "language", forms::language);
    let zone = reader.read(section, "timezone", forms::zone);
    let admins = reader.list(section, "admins", forms::id);
    let admin_roles = reader.list(section, "admin_roles", forms::id);
    let moderator_roles = reader.list(section, "moderator_roles", forms::id);
    let manage_guild = reader.read(section, "manage_guild_is_admin", forms::boolean);
    let sweep = reader.read(section, "sweep", forms::boolean);
    let unranked_roles = reader.list(section, "unranked_roles", forms::id);
    let limits = reward(reader, section);
    let presets = presets(reader, section);
    let boards = boards::boards(reader, section);
    let points = points(reader, section, top);
    let sweep = sweep.unwrap_or(false);
    if !sweep && points.kind() != SystemKind::Ledger {
        boards::advise_to_sweep(reader, section, &boards);
    }
    Some(GuildSettings {
        policy: Policy {
            guild: GuildId::new(id?),
            name,
            language: language.unwrap_or(defaults.language),
            zone: zone.unwrap_or_else(|| defaults.zone.clone()),
            admins: admins.into_iter().map(UserId::new).collect(),
            admin_roles: admin_roles.into_iter().map(RoleId::new).collect(),
            moderator_roles: moderator_roles.into_iter().map(RoleId::new).collect(),
            manage_guild: match manage_guild {
                Some(true) => ManageGuild::IsAdmin,
                Some(false) | None => ManageGuild::MeansNothing,
            },
            limits,
            presets,
        },
        also: also(reader, section, top, &points),
        sweep,
        unranked_roles: unranked_roles.into_iter().map(RoleId::new).collect(),
        points,
        boards,
    })
}

/// Reads `points`; the mall where nothing is named.
fn points(reader: &mut Reader<'_>, section: &Section<'_>, top: &Section<'_>) -> System {
    let named = reader.read(section, "points", |node| systems::system(node, top));
    if section.node("points").is_none() && top.node("mall").is_none() {
        let complaint = Complaint::new(format!(
            "`{}` uses the mall, but `[mall]` is missing",
            section.path
        ))
        .helping(
            "add `[mall]` with `app_key` and `app_secret`, or name another system: `points = \"ledger\"` needs none",
        );
        reader.find(&section.key_path("points"), &section.origin, complaint);
    }
    named.unwrap_or_else(System::mall)
}

/// Reads `also`: each system once, and not the one that rewards go to.
fn also(
    reader: &mut Reader<'_>,
    section: &Section<'_>,
    top: &Section<'_>,
    points: &System,
) -> Vec<System> {
    let named = reader.list(section, "also", |node| systems::system(node, top));
    let mut also: Vec<System> = Vec::with_capacity(named.len());
    for system in named {
        if system == *points || also.contains(&system) {
            let path = section.key_path("also");
            let complaint = Complaint::new(format!("`{path}`: `{system}` is named twice"))
                .helping("name each further system once, and not the one of `points`");
            let origin = section.node("also").map(|node| node.origin.clone());
            let origin = origin.unwrap_or_else(|| section.origin.clone());
            reader.find(&path, &origin, complaint);
            continue;
        }
        also.push(system);
    }
    also
}

fn reward(reader: &mut Reader<'_>, guild: &Section<'_>) -> RewardLimits {
    let section = reader.section(guild, "reward", names::REWARD);
    let defaults = RewardLimits::default();
    let approve_over = reader.read(&section, "approve_over", forms::whole(0..=LARGEST_SUM));
    let undo_window = reader.read(
        &section,
        "undo_window",
        forms::length(Duration::ZERO..=LONGEST_UNDO),
    );
    RewardLimits {
        per_award: reader
            .read(&section, "per_award", forms::whole(1..=i64::from(LARGEST)))
            .unwrap_or(defaults.per_award),
        per_day: reader
            .read(&section, "per_day", forms::whole(1..=LARGEST_SUM))
            .unwrap_or(defaults.per_day),
        approve_over,
        confirm_over: reader.read(&section, "confirm_over", forms::whole(0..=LARGEST_SUM)),
        reason_required: reader
            .read(&section, "reason_required", forms::boolean)
            .unwrap_or(defaults.reason_required),
        self_reward: reader
            .read(&section, "self_reward", forms::boolean)
            .unwrap_or(defaults.self_reward),
        undo_window: undo_window.unwrap_or(defaults.undo_window),
    }
}

fn presets(reader: &mut Reader<'_>, guild: &Section<'_>) -> BTreeMap<String, Preset> {
    let section = reader.table(guild, "presets");
    let mut presets = BTreeMap::new();
    for (word, entry) in section.entries() {
        let path = section.key_path(word);
        if let Some(why) = unfit_word(word) {
            let complaint = Complaint::new(format!("`{path}`: {why}"));
            reader.find(&path, &entry.key, complaint);
        }
        let preset = reader.open(&entry.node, path);
        reader.check_keys(&preset, names::PRESET);
        let points = match preset.is_present() {
            true => reader.require(&preset, "points", forms::whole(1..=i64::from(LARGEST))),
            false => None,
        };
        let reason = reader.read(&preset, "reason", reason);
        if let Some(amount) = points.and_then(|points| Amount::new(points).ok()) {
            presets.insert(word.clone(), Preset { amount, reason });
        }
    }
    presets
}

/// Why nobody could type `word` as a preset.
fn unfit_word(word: &str) -> Option<&'static str> {
    if word.is_empty() || word.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Some("a preset is one word without blanks")
    } else if word
        .chars()
        .all(|c| c.is_ascii_digit() || "+-,.".contains(c))
    {
        Some("a preset of digits would be read as an amount")
    } else {
        None
    }
}

fn reason(node: &Node) -> Result<String, Complaint> {
    let reason = forms::text(node)?;
    let length = reason.encode_utf16().count();
    if length > LONGEST_REASON {
        return Err(Complaint::new(format!(
            "a reason has at most {LONGEST_REASON} characters, this one has {length}"
        )));
    }
    Ok(reason)
}
