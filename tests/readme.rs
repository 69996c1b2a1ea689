//! The README against what is there: the tests it names, the commands, the options, the metrics and
//! the links. What it says of behaviour is held by the stories.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use guildpoints::commands::Registry;
use guildpoints::ops::METRICS;
use regex::Regex;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("there is a README")
}

/// Everything the first group of `pattern` finds in `text`.
fn all(pattern: &str, text: &str) -> BTreeSet<String> {
    let pattern = Regex::new(pattern).expect("a pattern");
    pattern
        .captures_iter(text)
        .map(|found| found[1].to_owned())
        .collect()
}

#[test]
fn every_test_it_names_exists() {
    let named = all(r"`([a-z_/]+\.rs::\w+)`", &readme());
    assert!(named.len() > 8, "the promises name their tests");
    for name in named {
        let (file, test) = name.split_once("::").expect("two parts");
        let source = fs::read_to_string(root().join("tests").join(file)).unwrap_or_default();
        assert!(
            source.contains(&format!("fn {test}(")),
            "there is no `{name}`"
        );
    }
}

#[test]
fn it_has_every_command_by_all_its_names() {
    let readme = readme();
    let words = guildpoints::app::texts(&Registry::new(), None).expect("the texts are sound");
    for definition in words.definitions() {
        for name in &definition.names {
            assert!(readme.contains(&format!("`/{name}`")), "`/{name}`");
        }
    }
}

#[test]
fn it_has_every_subcommand_and_option_and_no_other() {
    let readme = readme();
    let help = |arguments: &[&str]| {
        let program = Command::new(env!("CARGO_BIN_EXE_guildpoints"))
            .args(arguments)
            .arg("--help")
            .output();
        String::from_utf8(program.expect("the program starts").stdout).expect("text")
    };
    let known = all(r"(?m)^  ([a-z-]+)  ", &help(&[]));
    let shown = all(r"(?m)^guildpoints ([a-z-]+)", &readme);
    let mut wanted = known.clone();
    wanted.remove("help");
    assert_eq!(wanted, shown);
    let mut asked: Vec<Vec<String>> = wanted.into_iter().map(|name| vec![name]).collect();
    while let Some(path) = asked.pop() {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        let help = help(&words);
        let below = help.split("\nCommands:\n").nth(1);
        let below = below.and_then(|rest| rest.split("\n\n").next());
        for name in all(r"(?m)^  ([a-z-]+)  ", below.unwrap_or_default()) {
            if name != "help" {
                assert!(readme.contains(&name), "{path:?} has {name}");
                asked.push([path.clone(), vec![name]].concat());
            }
        }
        let options = all(r"(?m)^ +(?:-\w, )?(--[a-z-]+)", &help);
        for option in options.iter().filter(|option| *option != "--help") {
            assert!(readme.contains(option.as_str()), "{path:?} has {option}");
        }
    }
}

#[test]
fn every_metric_and_file_it_names_exists() {
    let readme = readme();
    for name in all(r"`(guildpoints_[a-z_]+)", &readme) {
        assert!(METRICS.iter().any(|metric| metric.name == name), "{name}");
    }
    for link in all(r"\]\(([^)#]+)\)", &readme) {
        assert!(
            link.contains("://") || root().join(&link).exists(),
            "{link}"
        );
    }
    let slug = |heading: &str| {
        let kept = heading
            .to_lowercase()
            .replace(' ', "-")
            .replace([':', ','], "");
        format!("#{kept}")
    };
    let headings: BTreeSet<String> = all(r"(?m)^#+ (.+)$", &readme)
        .iter()
        .map(|heading| slug(heading))
        .collect();
    for link in all(r"\]\((#[^)]+)\)", &readme) {
        assert!(headings.contains(&link), "{link}");
    }
}
