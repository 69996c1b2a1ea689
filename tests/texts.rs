//! The texts people read: complete in both languages, with the same holes, and checked before the
//! bot starts.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use guildpoints::app;
use guildpoints::boards::Known;
use guildpoints::boards::board_head;
use guildpoints::boards::board_reply;
use guildpoints::commands::Registry;
use guildpoints::commands::embedded;
use guildpoints::commands::right_of;
use guildpoints::journal::BoardSize;
use guildpoints::model::Language;
use guildpoints::model::System;
use guildpoints::model::UserId;
use guildpoints::model::period::Counted;
use guildpoints::model::period::Period;
use guildpoints::permissions::Right;
use guildpoints::points::BalancesOf;
use guildpoints::points::BoardPage;
use guildpoints::points::Edition;
use guildpoints::points::Ranked;
use guildpoints::words::SHARED;
use guildpoints::words::Words;
use jiff::tz::TimeZone;
use tempfile::TempDir;
use toml::Table;

fn words() -> Words {
    app::texts(&Registry::new(), None).expect("the embedded texts are right")
}

/// The sentences of one language of one file, with the holes of each.
fn sentences(file: &Table, language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let table = file[language.tag()]
        .as_table()
        .expect("a table of sentences");
    table
        .iter()
        .map(|(key, sentence)| (key.clone(), holes(sentence.as_str().expect("a string"))))
        .collect()
}

/// The names in braces; a doubled brace is the character.
fn holes(sentence: &str) -> BTreeSet<String> {
    let plain = sentence.replace("{{", "").replace("}}", "");
    let opened = plain.split('{').skip(1);
    opened
        .map(|rest| rest.split_once('}').expect("a hole is closed").0.to_owned())
        .collect()
}

#[test]
fn both_languages_say_the_same_with_the_same_holes() {
    for source in embedded() {
        let file: Table = source.text.parse().expect("the file is TOML");
        let chinese = sentences(&file, Language::Chinese);
        let english = sentences(&file, Language::English);
        assert_eq!(chinese, english, "{}", source.file);
        assert!(!chinese.is_empty(), "{}", source.file);
    }
}

#[test]
fn each_language_is_written_in_its_own_script() {
    let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    for source in embedded() {
        let file: Table = source.text.parse().expect("the file is TOML");
        for (key, sentence) in file["en-US"].as_table().expect("a table") {
            // Names on the mall's own page, and the member of every example.
            let told = sentence.as_str().expect("a string").replace("@小明", "");
            let quoted = ["「第三方机器人」", "「是否开启」"];
            let told = quoted
                .iter()
                .fold(told, |told, name| told.replace(name, ""));
            assert!(!told.contains(is_chinese), "{}: {key}: {told}", source.file);
        }
        for (key, sentence) in file["zh-CN"].as_table().expect("a table") {
            // What a service calls itself is the same in every language.
            let told = sentence.as_str().expect("a string");
            let told = told.replace("MantaGO", "").replace("Swan", "");
            let words_of_its_own =
                told.replace(|c: char| "{}_ ".contains(c) || c.is_ascii_lowercase(), "");
            // Signs and holes alone are the same in every language.
            let needs_none = !words_of_its_own.contains(char::is_alphabetic);
            assert!(
                needs_none || told.contains(is_chinese) || told.contains("（"),
                "{}: {key}: {told}",
                source.file
            );
        }
    }
}

#[test]
fn every_command_has_a_name_in_each_language_and_nobody_elses() {
    let words = words();
    let mut names = BTreeSet::new();
    for definition in words.definitions() {
        for name in &definition.names {
            assert!(names.insert(name.clone()), "{name}");
            assert_eq!(
                words.named(name).map(|found| &found.scope),
                Some(&definition.scope)
            );
        }
        let english = definition.shown(Language::English);
        let chinese = definition.shown(Language::Chinese);
        assert!(
            english.is_ascii() && !chinese.is_ascii(),
            "{english} {chinese}"
        );
        for language in Language::ALL {
            let usage = words.usage(&definition.scope, language);
            assert!(usage.starts_with(&definition.shown(language)), "{usage}");
            assert!(!words.summary(&definition.scope, language).is_empty());
        }
    }
}

/// A line a command: names, the right, usage and summary.
fn table(language: Language) -> String {
    let words = words();
    let row = |definition: &guildpoints::words::Definition| {
        let names: Vec<String> = definition
            .names
            .iter()
            .map(|name| format!("/{name}"))
            .collect();
        format!(
            "{} | {} | {:?} | {} | {}",
            names.join(" "),
            right_of(definition).name(),
            definition.cooldown,
            words.usage(&definition.scope, language),
            words.summary(&definition.scope, language),
        )
    };
    let rows: Vec<String> = words.definitions().iter().map(row).collect();
    rows.join("\n")
}

#[test]
fn the_permission_table_in_chinese() {
    insta::assert_snapshot!(table(Language::Chinese), @r#"
    /check /自检 | manage | 2s | /自检 | 检查机器人和积分系统的状态
    /deduct /扣分 | take | 1s | /扣分 @成员… 数量 原因 | 扣除成员的积分，必须写原因
    /freeze /暂停发放 | freeze | 1s | /暂停发放 [原因] | 立即暂停发放积分
    /help /帮助 | none | 2s | /帮助 [指令] | 查看能用的指令
    /history /积分明细 | none | 2s | /积分明细 [页码] [收入|支出] [@成员] [积分系统，如 swan.hq] | 查询积分明细
    /link /绑定 | none | 5s | /绑定 [系统 绑定码]，或 /绑定 系统 [种类] 账号 | 绑定其他积分系统的账号
    /pending /待审 | approve | 1s | /待审 [批准 编号]，或 /待审 拒绝 编号 [原因] | 查看并审批等待中的积分变动
    /points /积分 | none | 2s | /积分 [@成员] | 查询积分
    /privacy /隐私 | none | 2s | /隐私 [board on|off] | 选择自己是否上排行榜
    /rank /我的排名 | none | 2s | /我的排名 [今日|本周|本月|总榜|余额|7d|30d|2026-03-01..2026-03-31] | 查看自己的排名
    /receipt /回执 | none | 2s | /回执 编号 | 查询一笔积分变动
    /report /上报 | give | 1s | /上报 事件名 @成员 [积分系统，如 swan.hq] | 上报事件
    /reward /奖励 | give | 1s | /奖励 @成员… 数量 [原因] | 给成员发放积分
    /schedule /定时 | schedule | 1s | /定时 [列表]，/定时 新增 名称 时间 周期 [#频道] [top 10] [post|edit|replace]（时间如 09:00 或 "0 9 * * MON"），/定时 预览|立即|暂停|恢复|删除 名称 | 设置定时发布的排行榜
    /top /排行榜 | none | 2s | /排行榜 [今日|本周|本月|总榜|余额|7d|30d|2026-03-01..2026-03-31] [第2页] [我|@成员] | 查看积分排行榜
    /undo /撤销 | undo | 1s | /撤销 编号 [部分]，或 /撤销 last（你的上一笔） | 撤销一笔积分变动
    /unfreeze /恢复发放 | freeze | 1s | /恢复发放 | 恢复发放积分
    /unlink /解绑 | none | 5s | /解绑 系统，版主可用 /解绑 @成员 系统 | 解除账号绑定
    "#);
}

#[test]
fn the_permission_table_in_english() {
    insta::assert_snapshot!(table(Language::English), @r#"
    /check /自检 | manage | 2s | /check | check the bot and the points system
    /deduct /扣分 | take | 1s | /deduct @member… amount reason | take points from a member; a reason is required
    /freeze /暂停发放 | freeze | 1s | /freeze [reason] | stop giving points at once
    /help /帮助 | none | 2s | /help [command] | show the commands you can use
    /history /积分明细 | none | 2s | /history [page] [in|out] [@member] [points system, such as swan.hq] | show what came and went
    /link /绑定 | none | 5s | /link [system code], or /link system [kind] id | link an account of another points system
    /pending /待审 | approve | 1s | /pending [approve code], or /pending refuse code [reason] | see and decide changes that wait for approval
    /points /积分 | none | 2s | /points [@member] | show a balance
    /privacy /隐私 | none | 2s | /privacy [board on|off] | choose whether you are on leaderboards
    /rank /我的排名 | none | 2s | /rank [day|week|month|all|balance|7d|30d|2026-03-01..2026-03-31] | show your own place
    /receipt /回执 | none | 2s | /receipt code | show what became of a change
    /report /上报 | give | 1s | /report event @member [points system, such as swan.hq] | report an event
    /reward /奖励 | give | 1s | /reward @member… amount [reason] | give points to a member
    /schedule /定时 | schedule | 1s | /schedule [list], /schedule add name time period [#channel] [top 10] [post|edit|replace] (a time such as 09:00 or "0 9 * * MON"), /schedule preview|run|pause|resume|remove name | settle which leaderboards post themselves
    /top /排行榜 | none | 2s | /top [day|week|month|all|balance|7d|30d|2026-03-01..2026-03-31] [page 2] [me|@member] | show the leaderboard
    /undo /撤销 | undo | 1s | /undo code [rest], or /undo last (your last change) | undo a change of points
    /unfreeze /恢复发放 | freeze | 1s | /unfreeze | let giving points go on
    /unlink /解绑 | none | 5s | /unlink system; moderators: /unlink @member system | unlink an account
    "#);
}

#[test]
fn every_right_a_command_names_exists_and_none_is_given_away() {
    let words = words();
    let right = |scope: &str| right_of(words.definition(scope).expect("a command"));
    assert_eq!(right("reward"), Right::Give);
    assert_eq!(right("deduct"), Right::Take);
    assert_eq!(right("report"), Right::Give);
    assert_eq!(right("check"), Right::Manage);
    assert_eq!(right("undo"), Right::Undo);
    assert_eq!(right("pending"), Right::Approve);
    assert_eq!(right("freeze"), Right::Freeze);
    assert_eq!(right("unfreeze"), Right::Freeze);
    assert_eq!(right("schedule"), Right::Schedule);
    for scope in ["points", "receipt", "help", "top", "rank", "privacy"] {
        assert_eq!(right(scope), Right::Everyone);
    }
}

/// The findings of a folder with these files.
fn findings(files: &[(&str, &str)]) -> Vec<String> {
    let folder = TempDir::new().expect("a temporary folder can be made");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file can be written");
    }
    match app::texts(&Registry::new(), Some(folder.path())) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let told = format!("{error:#}");
            let told = told.split_once(": ").expect("what and why").1;
            let path = format!("{}/", folder.path().display());
            told.lines().map(|line| line.replace(&path, "")).collect()
        }
    }
}

#[test]
fn an_override_changes_its_key_and_nothing_else() {
    assert_eq!(
        findings(&[
            (
                "reward.toml",
                "names = [\"reward\", \"奖励\", \"赏\"]\n[zh-CN]\ndone = \"好 {receipt}\"\n"
            ),
            ("_shared.toml", "[en-US]\nbusy = \"One moment.\"\n"),
            ("README.md", "not mine"),
        ]),
        Vec::<String>::new()
    );
}

#[test]
fn all_that_is_wrong_with_overrides_is_listed_at_once_with_file_key_and_fix() {
    let told = findings(&[
        (
            "reward.toml",
            "names = []\nright = \"giv\"\ncooldwon = \"2s\"\n[zh-CN]\ndone = \"{membr} {amount\"\ndoone = \"x\"\n[en-US]\ndone = 5\nask = \"{memberr}?\"\n",
        ),
        (
            "points.toml",
            "names = [\"points\", \"receipt\"]\ncooldown = \"soon\"\n",
        ),
        ("help.toml", "zh-CN = \"x\"\n"),
        ("rewrad.toml", "names = [\"x\"]\n"),
        ("check.toml", "names = [\n"),
        (
            &format!("{SHARED}.toml"),
            "right = \"give\"\n[zh-CN]\nnoright = \"x\"\n[fr-FR]\nbusy = \"x\"\n",
        ),
    ]);
    insta::assert_snapshot!(told.join("\n"), @r#"
    check.toml: `line 1`: unclosed array, expected `]`: the file must be TOML
    rewrad.toml: `rewrad`: there is no such command: `reward` is near
    _shared.toml: `zh-CN.noright`: nothing says this sentence: `no_right` is near
    _shared.toml: `fr-FR`: unknown key
    _shared.toml: `right`: unknown key
    help.toml: `zh-CN`: a table of sentences belongs here
    points.toml: `cooldown`: a time such as "2s" belongs here
    reward.toml: `zh-CN.done`: a `{` without its `}` (write `{{` for the character)
    reward.toml: `zh-CN.doone`: nothing says this sentence: `done` is near
    reward.toml: `en-US.ask`: the hole `{memberr}` is never filled: `member` is near
    reward.toml: `en-US.done`: this sentence is missing: add it as a string
    reward.toml: `names`: at least one name is needed: names = ["reward", "奖励"]
    reward.toml: `right`: there is no right `giv`: `give` is near
    reward.toml: `cooldwon`: unknown key: `cooldown` is near
    points.toml: `names`: `receipt` is also a name of `receipt`: give one of them another
    "#);
}

proptest::proptest! {
    /// Promise 8, whatever is on the board and whatever its people are called.
    #[test]
    fn below_every_board_stands_what_it_counts(
        period in proptest::sample::select(vec!["day", "week", "month", "all", "7d", "2026-03-01..2026-03-31"]),
        page in 0_u32..1_000,
        rows in proptest::collection::vec((1_i64..1_000_000, 0_u64..20, "\\PC{0,40}|[\\n\u{202e}\u{301}🏆]{0,9}"), 0..10),
        (shown, hidden) in (0_u64..50_000, 0_u64..50_000),
    ) {
        let period: Period = period.parse().expect("a period");
        let zone = TimeZone::get("Asia/Shanghai").expect("a zone");
        let read_ms = 1_772_366_400_000;
        let days = period.running(read_ms, &zone);
        let names = (0..).zip(&rows).map(|(id, (_, _, name))| (UserId::new(id), Known::Person(name.clone())));
        let names: HashMap<UserId, Known> = names.collect();
        let ranked = (0..).zip(&rows).map(|(id, (points, place, _))| Ranked {
            member: UserId::new(id),
            points: *points,
            place: place + 1,
        });
        let board = BoardPage {
            counted: Counted::Earned(period),
            days,
            edition: Edition::Running,
            page,
            pages: shown.div_ceil(10).max(1),
            rows: ranked.collect(),
            size: BoardSize { shown, hidden },
            read_ms,
            oldest_ms: None,
            balances: None,
            before: None,
        };
        let words = words();
        for (language, begins) in [(Language::Chinese, "统计："), (Language::English, "Counted: ")] {
            let reply = board_reply(&board, &names, board_head(&board));
            let text = words.render(&reply, language, &zone).text;
            let last = text.lines().last().expect("a line");
            proptest::prop_assert!(last.starts_with(begins), "{text}");
            for part in ["Asia/Shanghai", "2026-03-01 20:00"] {
                proptest::prop_assert!(last.contains(part), "{part}: {text}");
            }
            if let Some((first, end)) = days.dates() {
                proptest::prop_assert!(last.contains(&first.to_string()) && last.contains(&end.to_string()), "{text}");
            }
            let beyond = match rows.is_empty() {
                true => u64::from(u64::from(page) >= board.pages) + u64::from(shown == 0),
                false => 0,
            };
            let lines = 3 + rows.len() as u64 + beyond;
            proptest::prop_assert_eq!(text.lines().count() as u64, lines, "{}", text);
        }
    }
}

#[test]
fn below_a_board_of_balances_stands_whose_they_are_and_how_old() {
    let zone = TimeZone::get("Asia/Shanghai").expect("a zone");
    let words = words();
    for (system, swept, oldest_ms, parts) in [
        (
            System::ledger(),
            false,
            None,
            ["内置账本", "built-in ledger", "", ""],
        ),
        (
            System::mall(),
            true,
            Some(1_772_280_000_000),
            [
                "积分商城",
                "points mall",
                "2026-02-28 20:00",
                "2026-02-28 20:00",
            ],
        ),
        (
            System::swan("hq"),
            false,
            Some(1_772_280_000_000),
            ["Swan · hq", "Swan · hq", "最早", "oldest"],
        ),
        (
            System::manta("shop"),
            true,
            None,
            ["MantaGO", "MantaGO", "", ""],
        ),
    ] {
        let board = BoardPage {
            counted: Counted::Balance,
            days: Period::All.running(0, &zone),
            edition: Edition::Running,
            page: 0,
            pages: 1,
            rows: Vec::new(),
            size: BoardSize {
                shown: 0,
                hidden: 2,
            },
            read_ms: 1_772_366_400_000,
            oldest_ms,
            balances: Some(BalancesOf::new(system, swept)),
            before: None,
        };
        let languages = [Language::Chinese, Language::English];
        for (at, language) in languages.into_iter().enumerate() {
            let reply = board_reply(&board, &HashMap::new(), board_head(&board));
            let text = words.render(&reply, language, &zone).text;
            let last = text.lines().last().expect("a line");
            for part in [
                parts[at],
                parts[at + 2],
                "Asia/Shanghai",
                "2026-03-01 20:00",
            ] {
                assert!(last.contains(part), "{part}: {text}");
            }
            let says_oldest = last.contains("最早") || last.contains("oldest");
            assert_eq!(says_oldest, oldest_ms.is_some(), "{text}");
        }
    }
}
