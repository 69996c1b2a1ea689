use super::*;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use axum::body::to_bytes;
use regex::Regex;

fn every_file() -> impl Iterator<Item = &'static Asset> {
    [&CHAT, &MALL, &SWAN, &MANTA].into_iter().chain(ASSETS)
}

fn found<'a>(pattern: &str, text: &'a str) -> Vec<&'a str> {
    Regex::new(pattern)
        .unwrap()
        .captures_iter(text)
        .map(|hit| hit.get(1).unwrap().as_str())
        .collect()
}

fn catalogue(name: &str) -> BTreeMap<&'static str, &'static str> {
    let file = ASSETS.iter().find(|asset| asset.name == name).unwrap();
    Regex::new(r"(?m)^  '([^']+)': '((?:[^'\\]|\\.)*)',$")
        .unwrap()
        .captures_iter(file.text)
        .map(|line| (line.get(1).unwrap().as_str(), line.get(2).unwrap().as_str()))
        .collect()
}

#[tokio::test]
async fn files_carry_their_kind_and_the_policy() {
    let chat = chat_page().await;
    assert_eq!(chat.status(), StatusCode::OK);
    assert_eq!(chat.headers()[header::CONTENT_TYPE], HTML);
    for response in [
        chat,
        mall_page().await,
        swan_page().await,
        manta_page().await,
        asset(Path("chat.js".to_owned())).await,
    ] {
        let headers = response.headers();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    }
    let script = asset(Path("chat.js".to_owned())).await;
    assert_eq!(script.headers()[header::CONTENT_TYPE], SCRIPT);
    let body = to_bytes(script.into_body(), usize::MAX).await.unwrap();
    assert!(!body.is_empty());
    let missing = asset(Path("../mod.rs".to_owned())).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
}

#[test]
fn everything_a_page_loads_is_embedded() {
    let names: BTreeSet<_> = ASSETS.iter().map(|asset| asset.name).collect();
    for file in every_file() {
        for name in found("[\"'(]/assets/([^\"')]+)", file.text) {
            assert!(names.contains(name), "{} asks for {name}", file.name);
        }
    }
}

#[test]
fn nothing_is_inline_or_elsewhere() {
    let inline =
        Regex::new(r#"<style|\sstyle=|\son[a-z]+=|<script(?: type="module")?>|data:"#).unwrap();
    let unsafe_sinks =
        Regex::new(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function")
            .unwrap();
    let elsewhere =
        Regex::new(r#"(?:src|href|from|import|url)\s*[=(]?\s*["'(]?https?://"#).unwrap();
    for file in every_file() {
        if file.kind == HTML {
            assert!(!inline.is_match(file.text), "{}", file.name);
        }
        assert!(!unsafe_sinks.is_match(file.text), "{}", file.name);
        assert!(!elsewhere.is_match(file.text), "{}", file.name);
    }
}

#[test]
fn both_languages_say_the_same_things() {
    let chinese = catalogue("words-zh.js");
    let english = catalogue("words-en.js");
    let keys = |words: &BTreeMap<&'static str, _>| words.keys().copied().collect::<BTreeSet<_>>();
    assert_eq!(keys(&chinese), keys(&english));
    let places = |text| {
        found(r"\{(\w+)\}", text)
            .into_iter()
            .collect::<BTreeSet<_>>()
    };
    for (key, text) in &chinese {
        assert!(!text.is_empty(), "{key}");
        assert_eq!(places(text), places(english[key]), "{key}");
    }
}

#[test]
fn every_word_asked_for_exists() {
    let words = catalogue("words-en.js");
    for file in every_file() {
        let asked = found(r"\bt\('([^'$]+)'", file.text)
            .into_iter()
            .chain(found(r#"data-t(?:-label|-title)?="([^"]+)""#, file.text))
            .chain(found(r#"data-title="([^"]+)""#, file.text));
        for key in asked {
            assert!(words.contains_key(key), "{} asks for {key}", file.name);
        }
    }
}

#[test]
fn pages_show_the_zone_whose_weekdays_the_clock_counts() {
    let words = ASSETS
        .iter()
        .find(|asset| asset.name == "words.js")
        .unwrap();
    let zone = found("export const ZONE = '([^']+)'", words.text);
    assert_eq!(zone, [crate::sandbox::ZONE]);
}

#[test]
fn pictures_alone_come_from_elsewhere_and_only_so() {
    let parts: Vec<_> = CONTENT_SECURITY_POLICY.split("; ").collect();
    assert!(parts.contains(&"default-src 'self'"), "{parts:?}");
    assert!(
        parts.contains(&"img-src 'self' http://127.0.0.1:* https:"),
        "{parts:?}"
    );
    let elsewhere = parts.iter().filter(|part| part.contains(':'));
    assert_eq!(elsewhere.count(), 1, "{parts:?}");
}

#[test]
fn scripts_are_short_and_say_what_they_are_for() {
    for file in ASSETS.iter().filter(|asset| asset.kind == SCRIPT) {
        assert!(file.text.starts_with("// "), "{}", file.name);
        assert!(file.text.lines().count() < 400, "{}", file.name);
    }
}
