//! The settings as an operator meets them: what loads, what is refused and in which words, and that
//! no secret is shown on the way.

use std::path::Path;
use std::time::Duration;

use guildpoints::config::Config;
use guildpoints::config::ConfigErrors;
use guildpoints::config::EXAMPLE;
use guildpoints::config::Environment;
use guildpoints::config::Fault;
use guildpoints::config::Place;
use guildpoints::guilds::Guilds;
use guildpoints::guilds::PostMode;
use guildpoints::model::ChannelId;
use guildpoints::model::GuildId;
use guildpoints::model::Language;
use guildpoints::model::RoleId;
use guildpoints::model::System;
use guildpoints::model::UserId;
use guildpoints::model::period::Counted;
use guildpoints::model::period::Period;
use guildpoints::model::policy::ManageGuild;
use guildpoints::points::Repeats;
use guildpoints::points::Taking;

const TOKEN: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9";

/// Every agreed name, all sections used. Other programs write files like this one.
const CONTRACT: &str = r#"
[bot]
token        = { env = "FANBOOK_BOT_TOKEN" }
api_url      = "https://a1.fanbook.mobi"
gateway_url  = "wss://gateway-bot.fanbook.mobi/websocket"
language     = "zh-CN"
timezone     = "Asia/Shanghai"
commands_dir = "my-commands"
catch_up     = "10m"
[store]
url = "sqlite://guildpoints.db"
[http]
listen      = "127.0.0.1:8480"
public_url  = "https://points.example.org"
font_dirs   = []
admin_token = { env = "GUILDPOINTS_ADMIN_TOKEN" }
[limits]
send_per_channel_per_second = 1.0
api_per_second              = 4.0
mall_in_flight              = 8
[mall]
base_url   = "https://open.fanbook.mobi/mp/138519745866498048/368331042878263296/shop-manage-pc"
app_key    = { env = "MALL_APP_KEY" }
app_secret = { env = "MALL_APP_SECRET" }
timeout    = "5s"
[swan.hq]
base_url = "https://swan.example.org"
headers  = { Authorization = { env = "SWAN_AUTH" } }
deduct   = "off"
transaction_id_dedup = false
change_type = "FANBOOK"
template = "@retail_{fanbook_long_id}:corp.example"
[manta.shop]
base_url = "https://mantago.cc/api"
bot_id   = "…"
token    = { env = "MANTA_TOKEN" }
secret   = { env = "MANTA_SECRET" }
[[guild]]
id        = 412345678901234563
name      = "天梯"
points    = "mall"
also      = ["swan.hq", "manta.shop"]
language  = "zh-CN"
timezone  = "Asia/Shanghai"
sweep     = false
admins    = [223456789012345677]
admin_roles     = [412345679001234571]
moderator_roles = [412345679101234573]
manage_guild_is_admin = false
[guild.reward]
per_award       = 9999
per_day         = 50000
approve_over    = 5000
confirm_over    = 1000
reason_required = false
self_reward     = false
undo_window     = "10m"
[guild.presets]
bug = { points = 50, reason = "反馈问题" }
[[guild.board]]
name    = "weekly"
channel = 412345679201234575
at      = "0 9 * * MON"
period  = "week"
top     = 10
mode    = "post"
catch_up = "6h"
"#;

/// The least that loads.
const LEAST: &str = r#"
[bot]
token = "bot-token-literal"
[mall]
app_key = "key-literal"
app_secret = "secret-literal"
[[guild]]
id = 412345678901234563
"#;

fn environment() -> Environment {
    Environment::from_iter([
        ("FANBOOK_BOT_TOKEN", TOKEN),
        ("MALL_APP_KEY", "mall-key-value"),
        ("MALL_APP_SECRET", "mall-secret-value"),
        ("SWAN_AUTH", "swan-auth-value"),
        ("MANTA_TOKEN", "manta-token-value"),
        ("MANTA_SECRET", "manta-secret-value"),
    ])
}

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    with(text, environment())
}

fn with(text: &str, environment: Environment) -> Result<Config, ConfigErrors> {
    Config::parse(text, "bot.toml", Path::new(""), &environment)
}

fn refused(text: &str) -> ConfigErrors {
    parse(text).expect_err("these settings must be refused")
}

/// The one fault of a text that has exactly one.
fn fault(text: &str) -> Fault {
    let errors = refused(text);
    assert_eq!(errors.faults().len(), 1, "{errors}");
    errors.faults()[0].clone()
}

fn line(fault: &Fault) -> usize {
    match fault.place {
        Place::Line { line, .. } => line,
        _ => panic!("no line: {fault:?}"),
    }
}

/// `LEAST` with `extra` right under the header of a section.
fn least_with(header: &str, extra: &str) -> String {
    assert!(LEAST.contains(header), "{header}");
    LEAST.replace(header, &format!("{header}\n{extra}"))
}

#[test]
fn every_agreed_name_is_taken() {
    let config = parse(CONTRACT).unwrap();
    assert_eq!(config.api.api_url, "https://a1.fanbook.mobi");
    assert_eq!(config.api.token.expose(), TOKEN);
    assert_eq!(config.language, Language::Chinese);
    assert_eq!(config.catch_up, Duration::from_secs(600));
    assert_eq!(
        config.http.as_ref().unwrap().listen,
        "127.0.0.1:8480".parse().unwrap()
    );
    let mall = config.mall.as_ref().unwrap();
    assert_eq!(mall.app_secret.expose(), "mall-secret-value");
    assert_eq!(mall.timeout, Duration::from_secs(5));
    assert_eq!(mall.signature_window, Duration::from_secs(600));
    let guild = &config.guilds[0];
    assert_eq!(guild.points, System::mall());
    assert_eq!(guild.also, [System::swan("hq"), System::manta("shop")]);
    assert!(!guild.sweep && guild.unranked_roles.is_empty());
    let swan = &config.swans["hq"];
    assert_eq!(swan.base_url, "https://swan.example.org");
    assert_eq!(swan.headers[0].0, "Authorization");
    assert_eq!(swan.headers[0].1.expose(), "swan-auth-value");
    assert_eq!(swan.deduct, Taking::NotEnabled);
    assert_eq!(swan.transaction_id, Repeats::Unpromised);
    assert_eq!(swan.change_type, "FANBOOK");
    let declared = config.templates[&System::swan("hq")].account(UserId::new(7));
    assert_eq!(declared.id(), "@retail_7:corp.example");
    let manta = &config.mantas["shop"];
    assert_eq!(manta.base_url, "https://mantago.cc/api");
    assert_eq!(manta.token.value.expose(), "manta-token-value");
    assert_eq!(manta.token.file, None);
    let policy = &guild.policy;
    assert_eq!(policy.guild, GuildId::new(412_345_678_901_234_563));
    assert_eq!(policy.name.as_deref(), Some("天梯"));
    assert_eq!(policy.admins, [UserId::new(223_456_789_012_345_677)]);
    assert_eq!(policy.admin_roles, [RoleId::new(412_345_679_001_234_571)]);
    assert_eq!(
        policy.moderator_roles,
        [RoleId::new(412_345_679_101_234_573)]
    );
    assert_eq!(policy.manage_guild, ManageGuild::MeansNothing);
    assert_eq!(policy.limits.approve_over, Some(5_000));
    assert_eq!(policy.limits.confirm_over, Some(1_000));
    assert_eq!(policy.presets["bug"].amount.points(), 50);
    assert_eq!(policy.presets["bug"].reason.as_deref(), Some("反馈问题"));
    let [board] = guild.boards.as_slice() else {
        panic!("{:?}", guild.boards);
    };
    assert_eq!(board.name, "weekly");
    assert_eq!(board.channel, ChannelId::new(412_345_679_201_234_575));
    assert_eq!(board.at, "0 9 * * MON".parse().unwrap());
    assert_eq!(board.counted, Counted::Earned(Period::Week));
    assert_eq!((board.rows, board.mode), (10, PostMode::Post));
    assert_eq!(board.catch_up, Duration::from_secs(6 * 3_600));
}

#[test]
fn a_board_needs_a_channel_and_a_time_and_has_defaults_for_the_rest() {
    let boards = |sections: &[&str]| {
        let sections = sections
            .iter()
            .map(|lines| format!("[[guild.board]]\nchannel = \"5\"\nat = \"21:30\"\n{lines}\n"));
        let text = format!("{LEAST}\n{}", sections.collect::<String>());
        parse(&text).unwrap().guilds.remove(0).boards
    };
    let [board] = boards(&[""]).try_into().unwrap();
    assert_eq!(board.name, "board-1");
    assert_eq!(board.at.to_string(), "21:30");
    assert_eq!(board.counted, Counted::Earned(Period::Week));
    assert_eq!((board.rows, board.mode), (10, PostMode::Post));
    assert_eq!(board.catch_up, Duration::from_secs(6 * 3_600));
    // Without a name by its place, unless another has that name.
    let names = |sections: &[&str]| -> Vec<String> {
        let boards = boards(sections).into_iter();
        boards.map(|board| board.name).collect()
    };
    assert_eq!(
        names(&["", "name = \"x\"", ""]),
        ["board-1", "x", "board-3"]
    );
    assert_eq!(
        names(&["", "name = \"Board-1\"", "name = \"board-4\""]),
        ["board-7", "Board-1", "board-4"]
    );
    for period in ["day", "month", "all", "balance", "7d", "366d"] {
        let [board] = boards(&[&format!("period = \"{period}\"")])
            .try_into()
            .unwrap();
        assert_eq!(board.counted.to_string(), period);
    }
    for mode in ["post", "edit", "replace"] {
        let [board] = boards(&[&format!("mode = \"{mode}\"")]).try_into().unwrap();
        assert_eq!(board.mode.to_string(), mode);
    }
    assert!(parse(LEAST).unwrap().guilds[0].boards.is_empty());
}

#[test]
fn a_boards_name_is_given_once_in_its_guild() {
    let board =
        |name: &str| format!("[[guild.board]]\nname = \"{name}\"\nchannel = 5\nat = \"21:30\"\n");
    let two = format!("{LEAST}\n{}{}", board("weekly"), board("Weekly"));
    let fault = fault(&two);
    assert_eq!(fault.key, "guild.0.board.1.name");
    assert_eq!(line(&fault), two.lines().count() - 2);
    assert!(
        fault.message.contains("`guild.0.board.0` has this name"),
        "{fault:?}"
    );
    let drawn = refused(&two).draw();
    assert!(drawn.contains("name = \"Weekly\""), "{drawn}");
    // Another guild may have one of the same name.
    let another = format!(
        "{LEAST}\n{}[[guild]]\nid = 9\n{}",
        board("weekly"),
        board("weekly")
    );
    assert_eq!(parse(&another).unwrap().guilds.len(), 2);
}

#[test]
fn what_has_no_effect_yet_is_named_and_nothing_else() {
    let mut reserved = parse(CONTRACT).unwrap().reserved;
    reserved.sort();
    assert_eq!(reserved, ["http.admin_token"]);
    assert!(parse(LEAST).unwrap().reserved.is_empty());
}

#[test]
fn a_guild_may_sweep_and_leave_roles_out_of_boards() {
    let text = least_with(
        "[[guild]]",
        "sweep = true\nunranked_roles = [412345679001234571]",
    );
    let config = parse(&text).unwrap();
    let guild = &config.guilds[0];
    assert!(guild.sweep);
    let left_out = RoleId::new(412_345_679_001_234_571);
    assert_eq!(guild.unranked_roles, [left_out]);
    let guilds = Guilds::new([guild]);
    let id = guild.policy.guild;
    assert!(guilds.leaves_out(id, [RoleId::new(1), left_out]));
    assert!(!guilds.leaves_out(id, [RoleId::new(1)]));
    assert!(!guilds.leaves_out(GuildId::new(1), [left_out]));
}

#[test]
fn the_example_says_the_defaults() {
    let config = parse(EXAMPLE).unwrap();
    assert_eq!(config.reserved, Vec::<String>::new());
    assert_eq!(config.advice, []);
    let least = parse(LEAST).unwrap();
    assert_eq!(config.api.api_url, least.api.api_url);
    assert_eq!(
        config.api.send_per_channel_per_second,
        least.api.send_per_channel_per_second
    );
    assert_eq!(config.api.api_per_second, least.api.api_per_second);
    assert_eq!(config.gateway.gateway_url, least.gateway.gateway_url);
    assert_eq!(config.language, least.language);
    assert_eq!(config.store, least.store);
    assert_eq!(config.catch_up, Duration::from_secs(600));
    assert_eq!(config.catch_up, least.catch_up);
    let (one, other) = (&config.guilds[0].policy, &least.guilds[0].policy);
    assert_eq!(one.limits, other.limits);
    assert_eq!(one.zone, other.zone);
    let (one, other) = (config.mall.unwrap(), least.mall.unwrap());
    assert_eq!(one.base_url, other.base_url);
    assert_eq!(one.timeout, other.timeout);
    assert_eq!(one.in_flight, other.in_flight);
    assert_eq!(one.signature_window, other.signature_window);
}

#[test]
fn the_example_has_every_agreed_name_and_loads_with_all_of_them_switched_on() {
    let switched_on: String = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with(' ') => setting,
            _ => line,
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let full = parse(&switched_on).unwrap();
    assert_eq!(full.reserved.len(), 1, "{:?}", full.reserved);
    for line in CONTRACT.lines() {
        let name = line.split(['=', ' ']).next().unwrap();
        assert!(
            switched_on
                .lines()
                .any(|shown| shown.split(['=', ' ']).next() == Some(name)),
            "the example lacks `{name}`"
        );
    }
}

#[test]
fn an_unknown_key_is_answered_with_its_line_and_the_nearest_known_key() {
    for (header, written, key, meant) in [
        ("[bot]", "api_ulr = 1", "bot.api_ulr", "api_url"),
        ("[bot]", "Language = 1", "bot.Language", "language"),
        ("[mall]", "appkey = 1", "mall.appkey", "app_key"),
        (
            "[[guild]]",
            "admin_role = []",
            "guild.0.admin_role",
            "admin_roles",
        ),
        (
            "[[guild]]",
            "reward.per_days = 1",
            "guild.0.reward.per_days",
            "per_day",
        ),
        (
            "[[guild]]",
            "presets.bug = { point = 1, points = 1 }",
            "guild.0.presets.bug.point",
            "points",
        ),
        (
            "[[guild]]",
            "board = [{ channel = 1, at = \"09:00\", tops = 5 }]",
            "guild.0.board.0.tops",
            "top",
        ),
    ] {
        let text = least_with(header, written);
        let fault = fault(&text);
        assert_eq!(fault.key, key);
        assert_eq!(fault.suggestion.as_deref(), Some(meant), "{fault:?}");
        let expected = text.lines().position(|line| line == written).unwrap();
        assert_eq!(line(&fault), expected + 1, "{fault:?}");
    }
    let far = fault(&least_with("[mall]", "xyzzy = 1"));
    assert!(far.suggestion.is_some(), "{far:?}");
    let section = fault(&format!("{LEAST}[gild]\nid = 1\n"));
    assert_eq!(section.suggestion.as_deref(), Some("guild"));
    assert_eq!(line(&section), 9);
}

#[test]
fn a_key_in_the_wrong_section_is_sent_home() {
    let fault = fault(&least_with("[[guild]]", "per_award = 5"));
    assert_eq!(
        fault.help.as_deref(),
        Some("`per_award` belongs to [guild.reward]")
    );
}

#[test]
fn faults_of_kind_and_range_in_the_sections_name_line_and_way_out() {
    for (header, written, says) in [
        ("[bot]", "api_url = \"a1.fanbook.mobi\"", "with its scheme"),
        ("[bot]", "api_url = \"ftp://a1\"", "expected `http://` or"),
        ("[bot]", "api_url = \"https://u:p@a1\"", "no user"),
        ("[bot]", "gateway_url = \"https://g\"", "expected `ws://`"),
        ("[bot]", "gateway_url = \"wss://g/?id=1\"", "no `?`"),
        ("[bot]", "language = \"zh\"", "expected `zh-CN` or `en-US`"),
        ("[bot]", "timezone = \"Asia/Shanghia\"", "no time zone"),
        ("[bot]", "catch_up = 10", "expected a length of time"),
        ("[bot]", "catch_up = \"10 minutes\"", "length of time"),
        ("[bot]", "catch_up = \"2d\"", "lie within 0s and 1d"),
        ("[bot]", "commands_dir = \"\"", "it is empty"),
        ("[mall]", "timeout = \"0s\"", "lie within 1ms and 1m"),
        ("[mall]", "timeout = true", "found true or false"),
        ("[mall]", "base_url = 5", "expected a string"),
    ] {
        judged_at_its_line(header, written, says);
    }
    for (written, says) in [
        ("[store]\nurl = \"guildpoints.db\"", "`sqlite://PATH`"),
        ("[store]\nurl = \"postgres://h/d\"", "ROLE:PASSWORD@HOST"),
        ("[store]\nurl = \"postgres://u@h\"", "ROLE:PASSWORD@HOST"),
        ("[http]\nlisten = \"8480\"", "an address and a port"),
        ("[limits]\nmall_in_flight = 0", "lie within 1 and 256"),
        (
            "[limits]\napi_per_second = 0",
            "lie within 0.01 and 1000000",
        ),
        ("[limits]\napi_per_second = \"4\"", "expected a number"),
        (
            "[swan.hq]\ndeduct = \"of\"\nbase_url = \"https://s\"",
            "one of off, negative",
        ),
        (
            "[swan.hq]\nheaders = { \"A b\" = \"x\" }\nbase_url = \"https://s\"",
            "no header can have this name",
        ),
        (
            "[swan.hq]\ntemplate = \"@retail_1:corp.example\"\nbase_url = \"https://s\"",
            "`{fanbook_long_id}` does not stand in it",
        ),
        (
            "[swan.hq]\ntemplate = \"{fanbook_long_id}\"\nbase_url = \"https://s\"",
            "what it makes is no id over there",
        ),
        (
            "[manta.shop]\ntoken = 5\nbot_id = \"b\"\nsecret = \"s\"",
            "a secret is written",
        ),
    ] {
        let fault = fault(&format!("{LEAST}{written}\n"));
        assert!(fault.message.contains(says), "{written}: {fault:?}");
        assert_eq!(line(&fault), 10, "{fault:?}");
    }
}

#[test]
fn faults_of_kind_and_range_in_a_guild_name_line_and_way_out() {
    for (written, says) in [
        ("name = [1]", "expected a string, found a list"),
        ("admins = 223456789012345677", "is a list, found"),
        ("admins = [2.2e17]", "an id is a whole number"),
        ("admins = [\"12a\"]", "an id is a whole number"),
        ("admins = [-1]", "an id is a whole number"),
        ("admins = [99999999999999999999]", "an id is a whole number"),
        ("manage_guild_is_admin = \"yes\"", "expected true or false"),
        ("reward = { per_award = 10000 }", "lie within 1 and 9999"),
        ("reward = { per_award = 0 }", "lie within 1 and 9999"),
        ("reward = { per_day = 1.5 }", "expected a whole number"),
        ("reward = { approve_over = -1 }", "lie within 0"),
        ("reward = { undo_window = \"soon\" }", "a length of time"),
        ("reward = 5", "is a table, found a whole number"),
        ("presets = { bug = 50 }", "is a table, found a whole number"),
        ("presets = { bug = { reason = \"x\" } }", "is missing"),
        ("presets = { bug = { points = -5 } }", "within 1 and 9999"),
        ("presets = { \"50\" = { points = 5 } }", "read as an amount"),
        ("presets = { \"a b\" = { points = 5 } }", "without blanks"),
        ("sweep = 1", "expected true or false"),
        ("unranked_roles = [\"12a\"]", "an id is a whole number"),
        ("unranked_roles = 7", "is a list, found"),
        ("also = [\"swan.hq\"]", "`[swan.hq]` is missing"),
        ("also = [\"goose\"]", "no points system of this name"),
        ("also = [\"mall\"]", "`mall` is named twice"),
        ("also = [\"ledger\", \"ledger\"]", "named twice"),
        ("points = \"manta.shop\"", "`[manta.shop]` is missing"),
        ("board = { top = 5 }", "is a list of tables"),
    ] {
        judged_at_its_line("[[guild]]", written, says);
    }
    // A board that is right but for one key.
    for (key, value, says) in [
        ("channel", "\"#results\"", "an id is a whole number"),
        ("channel", "0", "an id is a whole number"),
        ("at", "\"25:00\"", "expected a clock time such as `09:00`"),
        ("at", "\"0 9 * *\"", "or five fields of cron"),
        (
            "at",
            "\"0 25 * * MON\"",
            "the hour `25` cannot be read: `*`, 0-23",
        ),
        (
            "at",
            "\"0 9 * MON *\"",
            "the month `MON` cannot be read: `*`, 1-12",
        ),
        ("at", "\"0 0 31 2 *\"", "no such day in the calendar"),
        ("at", "\"* * * * *\"", "more often than every 10 minutes"),
        ("at", "9", "expected a string"),
        ("period", "\"year\"", "expected day, week"),
        ("period", "\"367d\"", "at most 366 days"),
        (
            "period",
            "\"2026-03-01..2026-03-31\"",
            "the same board every time",
        ),
        ("top", "0", "lie within 1 and 30"),
        ("top", "31", "lie within 1 and 30"),
        ("mode", "\"edits\"", "post, edit, replace"),
        ("catch_up", "\"8d\"", "lie within 0s and 7d"),
        ("name", "\"\"", "it is empty"),
        (
            "name",
            "\"abcdefghijklmnopqrstuvwxyz1234567\"",
            "at most 32 characters",
        ),
    ] {
        let good = [("channel", "5"), ("at", "\"09:00\"")];
        let good = good.into_iter().filter(|(name, _)| *name != key);
        let all = good
            .chain([(key, value)])
            .map(|(key, value)| format!("{key} = {value}"));
        let board = format!("board = [{{ {} }}]", all.collect::<Vec<_>>().join(", "));
        judged_at_its_line("[[guild]]", &board, says);
    }
    for (board, key) in [
        ("[{ at = \"09:00\" }]", "guild.0.board.0.channel"),
        ("[{ channel = 5 }]", "guild.0.board.0.at"),
    ] {
        let missing = fault(&least_with("[[guild]]", &format!("board = {board}")));
        assert_eq!(missing.key, key);
        assert!(missing.message.contains("is missing"), "{missing:?}");
    }
}

fn judged_at_its_line(header: &str, written: &str, says: &str) {
    let text = least_with(header, written);
    let fault = fault(&text);
    assert!(fault.message.contains(says), "{written}: {fault:?}");
    let expected = text.lines().position(|line| line == written).unwrap();
    assert_eq!(line(&fault), expected + 1, "{written}: {fault:?}");
}

#[test]
fn a_points_system_is_one_that_is_set_up() {
    let text = "[bot]\ntoken = \"t\"\n[[guild]]\nid = 7\npoints = \"ledger\"\n";
    assert_eq!(parse(text).unwrap().guilds[0].points, System::ledger());
    let also = least_with("[[guild]]", "also = [\"manta.shpo\"]");
    let manta = "[manta.shop]\nbot_id = \"b\"\ntoken = \"t\"\nsecret = \"s\"\n";
    let near = fault(&format!("{also}{manta}"));
    assert_eq!(near.suggestion.as_deref(), Some("manta.shop"));
    let fault = fault(&least_with("[[guild]]", "points = \"mal\""));
    assert_eq!(fault.suggestion.as_deref(), Some("mall"));
}

#[test]
fn all_faults_come_at_once_in_the_order_of_the_file() {
    let errors = refused(
        r#"[bot]
tokn = "x"
language = "de"
[mall]
timeout = "5"
app_key = "k"
app_secret = "s"
[[guild]]
[guild.reward]
per_award = 0
per_day = "many"
[[guild]]
id = 7
[[guild]]
id = "7"
"#,
    );
    let seen: Vec<_> = errors
        .faults()
        .iter()
        .map(|fault| (line(fault), fault.key.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            (1, "bot.token"),
            (2, "bot.tokn"),
            (3, "bot.language"),
            (5, "mall.timeout"),
            (8, "guild.0.id"),
            (10, "guild.0.reward.per_award"),
            (11, "guild.0.reward.per_day"),
            (15, "guild.2.id"),
        ],
        "{errors}"
    );
    let place = |fault: usize| errors.faults()[fault].place.clone();
    assert_eq!(place(1), Place::Line { line: 2, column: 1 });
    let column = 11;
    assert_eq!(place(3), Place::Line { line: 5, column });
    let listed = errors.to_string();
    assert!(
        listed.contains("bot.toml:2:1: unknown key `tokn` in `bot` (did you mean `token`?"),
        "{listed}"
    );
    assert!(
        listed.contains("guild 7 is set up twice, first in `guild.1`"),
        "{listed}"
    );
}

#[test]
fn columns_count_characters() {
    let fault = fault(&least_with(
        "[[guild]]",
        "presets = { \"天\" = { points = 0 } }",
    ));
    let column = 30;
    assert_eq!(fault.place, Place::Line { line: 8, column });
}

#[test]
fn what_is_missing_is_said_with_what_to_add() {
    let listed = refused("").to_string();
    assert!(listed.contains("`bot.token` is missing"), "{listed}");
    assert!(listed.contains("add `[[guild]]`"), "{listed}");

    let mall = fault("[bot]\ntoken = \"t\"\n[[guild]]\nid = 7\npoints = \"mall\"\n");
    assert!(mall.message.contains("`[mall]` is missing"));
    assert_eq!(line(&mall), 5);

    let single = fault(&LEAST.replace("[[guild]]", "[guild]"));
    let help = single.help.as_deref().unwrap();
    assert!(help.contains("`[[guild]]`"), "{single:?}");
}

#[test]
fn every_fault_of_syntax_is_placed() {
    let errors = refused("[bot]\ntoken = \"abc\nlanguage = zh-CN\n[mall\n");
    let lines: Vec<_> = errors.faults().iter().map(line).collect();
    assert!(lines.contains(&2) && lines.contains(&3), "{errors}");
    let bare = fault("[guild.presets]\n漏洞 = { points = 5 }\n");
    assert!(bare.help.unwrap().contains("quotation marks"));
    let wide = refused("[bot]\nlanguage = “zh-CN”\n");
    assert!(wide.to_string().contains("full-width `“`"), "{wide}");
    let twice = fault("[bot]\ntoken = \"a\"\ntoken = \"b\"\n");
    assert_eq!(line(&twice), 3);
}

#[test]
fn a_file_that_is_not_there_or_no_text_is_a_plain_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bot.toml");
    let errors = Config::load(&path, &environment()).unwrap_err();
    assert!(errors.to_string().contains("cannot be read"), "{errors}");
    assert!(errors.draw().contains("example-config"));

    std::fs::write(&path, b"[bot]\nlanguage = \"\xff\"\n").unwrap();
    let errors = Config::load(&path, &environment()).unwrap_err();
    let column = 13;
    assert_eq!(errors.faults()[0].place, Place::Line { line: 2, column });
}

#[test]
fn secrets_come_from_the_text_a_variable_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "key-from-file\r\n").unwrap();
    let path = folder.path().join("bot.toml");
    let text = LEAST
        .replace("\"bot-token-literal\"", "{ env = \"THE_TOKEN\" }")
        .replace("\"key-literal\"", "{ file = \"key\" }");
    std::fs::write(&path, text).unwrap();
    let environment = Environment::from_iter([("THE_TOKEN", "token-from-variable")]);
    let config = Config::load(&path, &environment).unwrap();
    let mall = config.mall.unwrap();
    assert_eq!(config.api.token.expose(), "token-from-variable");
    assert_eq!(mall.app_key.expose(), "key-from-file");
    assert_eq!(mall.app_secret.expose(), "secret-literal");
}

#[test]
fn a_secret_that_cannot_be_had_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "\n").unwrap();
    let empty = format!("{{ file = \"{}\" }}", empty.display());
    for (written, says) in [
        ("{ env = \"NOT_SET\" }", "variable `NOT_SET` is not set"),
        ("{ env = \"SET_EMPTY\" }", "variable `SET_EMPTY` is empty"),
        ("{ file = \"no/such\" }", "cannot be read"),
        (&empty, "is empty"),
        ("\"\"", "the secret is empty"),
        ("\"a\\nb\"", "line break"),
        ("{ env = \"A\", file = \"B\" }", "a secret is written"),
        ("{}", "a secret is written"),
        ("7", "a secret is written"),
        ("[\"a\"]", "a secret is written"),
    ] {
        let text = LEAST.replace("\"key-literal\"", written);
        let errors = with(&text, Environment::from_iter([("SET_EMPTY", "")])).unwrap_err();
        assert_eq!(errors.faults().len(), 1, "{errors}");
        let fault = &errors.faults()[0];
        assert_eq!(fault.key, "mall.app_key");
        assert!(fault.message.contains(says), "{written}: {fault:?}");
        assert_eq!(line(fault), 5);
    }
    let two = "{ enf = \"X\", env = \"MALL_APP_KEY\" }";
    let misspelt = fault(&LEAST.replace("\"key-literal\"", two));
    assert_eq!(misspelt.suggestion.as_deref(), Some("env"));
}

#[test]
fn what_a_section_lacks_is_said() {
    for (section, lacks) in [
        ("[swan.hq]\n", "swan.hq.base_url"),
        (
            "[manta.shop]\ntoken = \"t\"\nsecret = \"s\"\n",
            "manta.shop.bot_id",
        ),
        (
            "[manta.shop]\nbot_id = \"b\"\nsecret = \"s\"\n",
            "manta.shop.token",
        ),
    ] {
        let fault = fault(&format!("{LEAST}{section}"));
        assert_eq!(fault.key, lacks);
    }
    let text = format!(
        "{LEAST}[swan.hq]\nbase_url = \"https://s\"\nheaders = {{ A = {{ env = \"NOT_SET\" }} }}\n"
    );
    assert_eq!(fault(&text).key, "swan.hq.headers.A");
}

#[test]
fn the_file_of_a_pair_that_is_renewed_is_known() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("manta-token"), "from-file\n").unwrap();
    let text = format!(
        "{LEAST}[manta.shop]\nbot_id = \"b\"\ntoken = {{ file = \"manta-token\" }}\nsecret = \"s\"\n"
    );
    let config = Config::parse(&text, "bot.toml", folder.path(), &Environment::default()).unwrap();
    let manta = &config.mantas["shop"];
    assert_eq!(manta.token.value.expose(), "from-file");
    assert_eq!(manta.token.file, Some(folder.path().join("manta-token")));
    assert_eq!(manta.secret.file, None);
}

#[test]
fn variables_lie_over_the_file() {
    let environment = Environment::from_iter([
        ("GUILDPOINTS__BOT__API_URL", "http://127.0.0.1:9000/"),
        ("GUILDPOINTS__BOT__TOKEN", "123456"),
        ("GUILDPOINTS__MALL__TIMEOUT", "250ms"),
        ("GUILDPOINTS__HTTP__LISTEN", "127.0.0.1:0"),
        ("GUILDPOINTS__LIMITS__API_PER_SECOND", "100"),
        ("GUILDPOINTS__GUILD__0__NAME", "2024"),
        ("GUILDPOINTS__GUILD__0__ADMINS", "[\"5\", 6]"),
        ("GUILDPOINTS__GUILD__0__ADMINS__2", "7"),
        ("GUILDPOINTS__GUILD__0__REWARD__SELF_REWARD", "true"),
        ("GUILDPOINTS__GUILD__0__PRESETS__BUG__POINTS", "5"),
        ("GUILDPOINTS__GUILD__1__ID", "8"),
        ("GUILDPOINTS__MALL__APP_KEY", "{ env = \"KEY\" }"),
        ("GUILDPOINTS_ADMIN_TOKEN", "not an override"),
        ("KEY", "key-by-two-steps"),
    ]);
    let config = with(LEAST, environment).unwrap();
    assert_eq!(config.api.api_url, "http://127.0.0.1:9000");
    assert_eq!(config.api.token.expose(), "123456");
    assert_eq!(config.api.api_per_second, 100.0);
    assert_eq!(config.http.unwrap().listen.port(), 0);
    let mall = config.mall.unwrap();
    assert_eq!(mall.timeout, Duration::from_millis(250));
    assert_eq!(mall.app_key.expose(), "key-by-two-steps");
    let policy = &config.guilds[0].policy;
    assert_eq!(policy.name.as_deref(), Some("2024"));
    assert_eq!(policy.admins, [5, 6, 7].map(UserId::new));
    assert!(policy.limits.self_reward);
    assert_eq!(policy.presets["bug"].amount.points(), 5);
    assert_eq!(config.guilds[1].policy.guild, GuildId::new(8));
}

#[test]
fn everything_can_come_from_variables() {
    let environment = Environment::from_iter([
        ("GUILDPOINTS__BOT__TOKEN", "t"),
        ("GUILDPOINTS__MALL__APP_KEY", "k"),
        ("GUILDPOINTS__MALL__APP_SECRET", "s"),
        ("GUILDPOINTS__GUILD__0__ID", "412345678901234563"),
    ]);
    let config = with("", environment).unwrap();
    assert_eq!(
        config.guilds[0].policy.guild,
        GuildId::new(412_345_678_901_234_563)
    );
}

#[test]
fn the_fault_of_a_variable_names_the_variable() {
    for (name, value, says) in [
        ("GUILDPOINTS__BOT__API_ULR", "x", "unknown key `api_ulr`"),
        ("GUILDPOINTS__BOT__LANGUAGE", "de", "expected `zh-CN`"),
        ("GUILDPOINTS__GUILD__0__POINTS", "mal", "no points system"),
        ("GUILDPOINTS__GUILD__2__ID", "5", "a gap in a list"),
        ("GUILDPOINTS__GUILD__FIRST__ID", "5", "places are numbers"),
        ("GUILDPOINTS__GUILD__0__ID__X", "5", "no table"),
        ("GUILDPOINTS__BOT__", "5", "no path of keys"),
    ] {
        let errors = with(LEAST, Environment::from_iter([(name, value)])).unwrap_err();
        assert_eq!(errors.faults().len(), 1, "{errors}");
        let fault = &errors.faults()[0];
        assert_eq!(fault.place, Place::Variable(name.to_owned()));
        assert!(fault.message.contains(says), "{fault:?}");
        let listed = errors.to_string();
        assert!(
            listed.starts_with(&format!("variable {name}: ")),
            "{listed}"
        );
    }
}

#[test]
fn no_error_shows_a_secret() {
    let long = "0123456789".repeat(4);
    // Each text has a fault in, beside or because of a secret.
    let texts = [
        "[bot]\ntoken = \"S3CRET-one.two\" trailing\n".to_owned(),
        "[bot]\ntoken = S3CRET-bare\n".to_owned(),
        "[bot]\ntoken: \"S3CRET\"\n".to_owned(),
        "[bot] token = \"S3CRET\"\n".to_owned(),
        "[bot]\ntoken = \"S3CRET\n".to_owned(),
        "[bot]\ntoken = \"\"\"\nS3CRET==\n".to_owned(),
        "[bot]\ntoken = \"S3CRET\"\ntoken = \"S3CRET\"\n".to_owned(),
        least_with("[bot]", "tokn = \"S3CRET\""),
        least_with("[bot]", "tokn = { env = \"S3CRET\" }"),
        least_with("[bot]", "language = \"de\" # was S3CRET"),
        least_with("[bot]", "api_url = \"https://u:S3CRET@a1\""),
        least_with("[bot]", "gateway_url = \"wss://g/websocket?id=S3CRET\""),
        least_with(
            "[bot]",
            &format!("api_url = \"ftp://a/api/bot/S3CRET{long}\""),
        ),
        LEAST.replace("\"key-literal\"", "\"S3CRET\\n\""),
        LEAST.replace("\"key-literal\"", "[\"S3CRET\"]"),
        LEAST.replace("\"key-literal\"", "{ env = \"S3CRET-small\" }"),
        LEAST.replace("\"key-literal\"", "{ value = \"S3CRET\" }"),
        LEAST.replace(
            "[bot]\n",
            "bot = { token = \"S3CRET\", tokn = \"S3CRET\" }\n[nob]\n",
        ),
        format!("{LEAST}[swan.hq]\nheaders = {{ A = [\"S3CRET\"] }}\n"),
        format!("{LEAST}[store]\nurl = \"postgres://u:S3CRET@h\"\n"),
        format!("{LEAST}[store]\nurl = \"postgres:u:S3CRET/d\"\n"),
    ];
    for text in &texts {
        let errors = refused(text);
        for shown in [errors.draw(), errors.to_string(), format!("{errors:?}")] {
            assert!(!shown.contains("S3CRET"), "{text}\n---\n{shown}");
            assert!(!shown.is_empty());
        }
    }
    let overrides = Environment::from_iter([
        ("GUILDPOINTS__BOT__TOKN", "S3CRET"),
        ("GUILDPOINTS__MALL__APP_KEY", "[\"S3CRET\"]"),
    ]);
    assert!(!format!("{overrides:?}").contains("S3CRET"));
    let drawn = with(LEAST, overrides).unwrap_err().draw();
    assert!(!drawn.contains("S3CRET"), "{drawn}");
}

#[test]
fn a_database_is_named_where_other_secrets_are() {
    let url = "postgres://points:S3CRET@db.example.org:6432/points?sslmode=verify-full";
    let written = format!("{LEAST}[store]\nurl = \"{url}\"\n");
    let named = format!("{LEAST}[store]\nurl = {{ env = \"POINTS_DATABASE\" }}\n");
    let environment = Environment::from_iter([("POINTS_DATABASE", url)]);
    for config in [parse(&written).unwrap(), with(&named, environment).unwrap()] {
        assert_eq!(config.store.url, url);
        assert!(!format!("{:?}", config.store).contains("S3CRET"));
    }
    let environment = Environment::from_iter([("POINTS_DATABASE", "S3CRET")]);
    let errors = with(&named, environment).unwrap_err();
    assert!(errors.to_string().contains("sqlite://PATH"), "{errors}");
    assert!(!errors.draw().contains("S3CRET"), "{}", errors.draw());
}

#[test]
fn a_drawing_shows_the_line_with_secrets_covered_and_the_rest_readable() {
    let drawn = refused(
        r#"bot = { token = "S3CRET-1", tokn = "S3CRET-2" }
[mall]
app_key = "k"
app_secret = "s"
timeout = "5 s"
[[guild]]
id = 7
"#,
    )
    .draw();
    assert!(
        drawn.contains(r#"bot = { token = "********", tokn = "********" }"#),
        "{drawn}"
    );
    assert!(drawn.contains(r#"timeout = "5 s""#), "{drawn}");
    assert!(drawn.contains("did you mean `token`?"), "{drawn}");
}

#[test]
fn debug_of_settings_shows_no_secret() {
    let shown = format!("{:#?}", parse(CONTRACT).unwrap());
    for secret in [
        TOKEN,
        "mall-key-value",
        "mall-secret-value",
        "swan-auth-value",
        "manta-token-value",
        "manta-secret-value",
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_board_of_balances_that_nothing_reads_is_advised_against() {
    let board = "[[guild.board]]\nname = \"余额\"\nchannel = 1\nat = \"09:00\"\nperiod =";
    for (guild, period, count) in [
        ("", "balance", 1),
        ("sweep = false", "balance", 1),
        ("sweep = true", "balance", 0),
        ("points = \"ledger\"", "balance", 0),
        ("", "week", 0),
    ] {
        let text = least_with("[[guild]]", guild) + &format!("\n{board} \"{period}\"\n");
        let config = parse(&text).unwrap();
        assert_eq!(config.advice.len(), count, "{guild} {period}");
        if let Some(advice) = config.advice.first() {
            let said = advice.to_string();
            assert!(
                said.contains("`余额`") && said.contains("sweep = true"),
                "{said}"
            );
        }
    }
}

#[test]
fn sending_in_the_clear_is_advised_against_except_on_this_machine() {
    for (address, count) in [
        ("http://127.0.0.1:9000", 0),
        ("http://localhost:9000", 0),
        ("http://[::1]:9000", 0),
        ("https://a1.fanbook.mobi", 0),
        ("http://a1.fanbook.mobi", 1),
    ] {
        let text = least_with("[bot]", &format!("api_url = \"{address}\""));
        assert_eq!(parse(&text).unwrap().advice.len(), count, "{address}");
    }
}
