//! Every file of the fuzzers' corpora, through the fuzzers' own checks, on the stable toolchain.

use std::fs;
use std::panic;
use std::path::Path;
use std::path::PathBuf;

#[path = "../fuzz/targets/mod.rs"]
mod targets;

#[test]
fn frames() {
    run("frames", targets::frames::check);
}

#[test]
fn command_text() {
    run("command_text", targets::command_text::check);
}

#[test]
fn mall_answers() {
    run("mall_answers", targets::mall_answers::check);
}

#[test]
fn settings() {
    run("settings", targets::settings::check);
}

/// A target without its corpus, or a corpus without its target, would go unnoticed.
#[test]
fn every_corpus_has_its_fuzzer() {
    let fuzzers: Vec<String> = names(&fuzz().join("fuzz_targets"));
    let expected: Vec<String> = names(&fuzz().join("corpus"))
        .into_iter()
        .map(|corpus| format!("{corpus}.rs"))
        .collect();
    assert_eq!(fuzzers, expected);
}

/// Runs all of a corpus and names every file that fails, not only the first.
fn run(corpus: &str, check: fn(&[u8])) {
    let folder = fuzz().join("corpus").join(corpus);
    let names = names(&folder);
    assert!(names.len() >= 20, "{corpus} has {} files", names.len());
    let failed: Vec<&String> = names
        .iter()
        .filter(|name| {
            let input = fs::read(folder.join(name)).unwrap();
            panic::catch_unwind(|| check(&input)).is_err()
        })
        .collect();
    assert!(failed.is_empty(), "{corpus}: {failed:?}");
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
