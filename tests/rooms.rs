//! The import table of the house, enforced.
//!
//! A room may name only the rooms its row allows. A new arrow is argued for in ARCHITECTURE.md and
//! added here in the same commit.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// Room, and what it may import. The order is the reading order of the house.
const TABLE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("support", &[]),
    ("fanbook", &["model", "support"]),
    ("words", &["model"]),
    ("permissions", &["model"]),
    ("journal", &["model", "support", "permissions"]),
    ("guilds", &["model", "support", "journal"]),
    ("points", &["model", "support", "permissions", "journal"]),
    ("boards", &["model", "support", "words", "points"]),
    (
        "commands",
        &[
            "model",
            "support",
            "words",
            "permissions",
            "guilds",
            "points",
            "boards",
        ],
    ),
    (
        "dispatch",
        &[
            "model",
            "support",
            "fanbook",
            "words",
            "permissions",
            "guilds",
            "journal",
            "points",
            "boards",
            "commands",
        ],
    ),
    (
        "schedule",
        &[
            "model",
            "support",
            "words",
            "permissions",
            "guilds",
            "journal",
            "points",
            "boards",
            "fanbook::api",
        ],
    ),
    (
        "ops",
        &[
            "model",
            "support",
            "permissions",
            "guilds",
            "journal",
            "points",
        ],
    ),
    ("sandbox", &["model::ids"]),
    (
        "config",
        &[
            "model",
            "support",
            "fanbook::api::ApiSettings",
            "fanbook::gateway::GatewaySettings",
            "guilds",
            "journal::StoreSettings",
            "ops::HttpSettings",
            "points::Repeats",
            "points::Taking",
            "points::mall::MallSettings",
            "points::manta::Bound",
            "points::manta::KeptSecret",
            "points::manta::MantaSettings",
            "points::swan::SwanSettings",
        ],
    ),
    (
        "app",
        &[
            "model",
            "support",
            "fanbook",
            "words",
            "permissions",
            "guilds",
            "journal",
            "points",
            "boards",
            "commands",
            "dispatch",
            "schedule",
            "ops",
            "config",
        ],
    ),
    (
        "cli",
        &[
            "app", "config", "sandbox", "model", "support", "fanbook", "words", "guilds",
            "journal", "points", "boards", "commands",
        ],
    ),
];

#[test]
fn rooms_import_only_what_the_table_allows() {
    let mut wrong = Vec::new();
    for file in rust_files(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = fs::read_to_string(&file).expect("a source file can be read");
        let Some(room) = room_of(&file) else {
            continue;
        };
        let Some((_, allowed)) = TABLE.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!(
                "`{room}` ({}) has no row in the table",
                file.display()
            ));
            continue;
        };
        for path in crate_paths(&text) {
            let own = path == room || path.starts_with(&format!("{room}::"));
            let fits =
                |allowed: &&str| path == **allowed || path.starts_with(&format!("{allowed}::"));
            if !own && !allowed.iter().any(fits) {
                wrong.push(format!(
                    "{}: `{room}` may not import `{path}`",
                    file.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_row_has_its_room() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (room, _) in TABLE {
        let there = source.join(room).is_dir() || source.join(format!("{room}.rs")).is_file();
        assert!(
            there,
            "the table has a row for `{room}`, which does not exist"
        );
    }
}

/// The room a file belongs to; `None` for `lib.rs` and `main.rs`, which only list rooms.
fn room_of(file: &Path) -> Option<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let inside = file.strip_prefix(source).expect("the file lies under src");
    let first = inside
        .components()
        .next()?
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    let room = first.trim_end_matches(".rs").to_owned();
    (!matches!(room.as_str(), "lib" | "main")).then_some(room)
}

/// Every path a file names after `crate::`, comments left out.
fn crate_paths(text: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for line in text.lines() {
        let code = line.split("//").next().unwrap_or_default();
        for found in code.split("crate::").skip(1) {
            let end = found
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
                .unwrap_or(found.len());
            paths.insert(found[..end].trim_end_matches(':').to_owned());
        }
    }
    paths
}

fn rust_files(folder: PathBuf) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the source folder can be read") {
        let path = entry.expect("its entries can be read").path();
        if path.is_dir() {
            files.extend(rust_files(path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
