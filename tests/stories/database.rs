//! The journal in PostgreSQL, as chat and operators meet it: a cable that breaks, a commit nobody
//! answered, a door that stays shut.

use std::process::Output;

use crate::books::handled;
use crate::books::told;
use crate::cable::Cable;
use crate::cable::Commit;
use crate::cable::End;
use crate::operated::NOT_WRITTEN;
use crate::operated::Ops;
use crate::operated::refused;
use crate::stage::Said;
use crate::stage::Settings;
use crate::stage::Stage;
use crate::stage::postgres;
use crate::stage::receipt_in;

/// A stage whose bot has its store at the end of a cable.
async fn behind_a_cable() -> Option<(Stage, Ops, End)> {
    let Some(server) = postgres::shared() else {
        postgres::skipped("there is no `initdb` (Debian: postgresql)");
        return None;
    };
    let direct = postgres::schema_in(&server.tcp_url("owner")).await;
    let cable = End::to(server.port()).await;
    let port = |port| format!(":{port}/");
    let through = direct.replace(&port(server.port()), &port(cable.port()));
    let mut stage = Stage::without_bot(Settings {
        // The cable has to see what passes.
        store: Some(format!("{through}&sslmode=disable")),
        ..Settings::default()
    })
    .await;
    let ops = Ops::of(&mut stage);
    stage.start().await;
    Some((stage, ops, cable))
}

#[tokio::test]
async fn a_database_that_goes_away_pays_nothing_and_says_so_until_it_is_back() {
    let Some((mut stage, ops, cable)) = behind_a_cable().await else {
        return;
    };
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    let answer = stage.hears_of(rewarded, "✅").await;
    told(&stage, rewarded).await;

    cable.becomes(Cable::Cut);
    let unwritten = stage.says("夜雨", "/奖励 @小明 1 断线");
    stage.hears_of(unwritten, NOT_WRITTEN).await;
    let down = ops.ready_until(|status, _| status == 503).await;
    let what = down["trouble"]["store"].as_str().unwrap();
    assert!(what.contains("cannot be reached"), "{what}");
    // Questions need no journal.
    let asked = stage.says("小红", "/积分");
    stage.hears_of(asked, "120").await;
    assert_eq!(stage.paid().len(), 1);

    cable.becomes(Cable::Whole);
    ops.ready_until(|status, _| status == 200).await;
    let looked = stage.says("小明", &format!("/回执 {}", receipt_in(&answer)));
    stage.hears_of(looked, "已到账").await;
    let more = stage.says("夜雨", "/奖励 @小明 2 又可以了");
    stage.hears_of(more, "✅").await;
    assert_eq!(stage.answers(unwritten).len(), 1);
    let paid: Vec<i64> = stage.paid().iter().map(|(points, _)| *points).collect();
    assert_eq!(paid, [666, 2]);
    stage.finish().await;
}

#[tokio::test]
async fn a_commit_nobody_answered_is_paid_once_and_only_when_it_is_certain() {
    let Some((mut stage, ops, cable)) = behind_a_cable().await else {
        return;
    };
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "✅").await;
    told(&stage, rewarded).await;
    // Nothing else is left to be committed that could be spoilt instead.
    handled(&stage, rewarded).await;

    cable.spoil_commit(Commit::UnansweredAndCut);
    let doubtful = stage.says("夜雨", "/奖励 @小明 7 半途断线");
    // Its term ends before it has given up looking, so it claims nothing.
    ops.ready_until(|status, body| status == 503 && body["role"] == "standby")
        .await;
    assert_eq!(stage.paid().len(), 1, "nothing is sent while it is unknown");
    let said = stage.answers(doubtful);
    assert!(said.is_empty(), "{said:?}");

    cable.becomes(Cable::Whole);
    stage.hears_of(doubtful, "✅").await;
    told(&stage, doubtful).await;
    assert_eq!(stage.answers(doubtful).len(), 1);
    let paid: Vec<i64> = stage.paid().iter().map(|(points, _)| *points).collect();
    assert_eq!(paid, [666, 7]);
    ops.ready_until(|status, _| status == 200).await;
    stage.finish().await;
}

#[tokio::test]
async fn a_shut_door_is_a_sentence_without_the_password() {
    let Some(server) = postgres::shared() else {
        return postgres::skipped("there is no `initdb` (Debian: postgresql)");
    };
    let schema = postgres::schema_in(&server.tcp_url("owner")).await;
    let wrong = schema.replace("owner@", "locked:hunter2-of-the-database@");
    let made = "create role locked login password 'another'";
    postgres::execute(&server.url(), made).await;
    let mut stage = Stage::without_bot(Settings {
        store: Some(wrong),
        ..Settings::default()
    })
    .await;
    refused(&mut stage, "check user and password").await;
    let checked = check(&stage).await;
    let shown = String::from_utf8_lossy(&checked.stdout).into_owned();
    let words: String = shown.split_whitespace().collect();
    assert!(words.contains("refusestherole"), "{shown}");
    assert_eq!(checked.status.code(), Some(1));
    let said = format!("{}{shown}{:?}", stage.log(), checked.stderr);
    assert!(!said.contains("hunter2"), "{said}");

    // With the right one the same row is fine, beside a bot that runs.
    stage.settings.store = Some(schema);
    stage.start().await;
    let checked = check(&stage).await;
    let shown = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(shown.contains("可读写"), "{shown}");
    stage.finish().await;
}

async fn check(stage: &Stage) -> Output {
    let mut command = stage.program("check");
    let ended = tokio::task::spawn_blocking(move || command.output().unwrap());
    ended.await.unwrap()
}

async fn lives_where_a_variable_says(variable: &'static str) {
    let Some(server) = postgres::shared() else {
        return postgres::skipped("there is no `initdb` (Debian: postgresql)");
    };
    let schema = postgres::schema_in(&server.tcp_url("owner:hunter2-of-the-variable")).await;
    let mut stage = Stage::with(Settings {
        store: Some(schema.clone()),
        store_variable: Some(variable),
        ..Settings::default()
    })
    .await;
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    let answer = stage.hears_of(rewarded, "✅").await;
    told(&stage, rewarded).await;
    let written = "select count(*) from entries where state = 'done'";
    assert_eq!(postgres::number(&schema, written).await, 1, "{variable}");

    stage.kill().await;
    stage.start().await;
    stage.sandbox.redelivers(rewarded.0);
    let looked = stage.says("小明", &format!("/回执 {}", receipt_in(&answer)));
    stage.hears_of(looked, "已到账").await;
    assert_eq!(stage.paid().len(), 1);
    let checked = check(&stage).await;
    let shown = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(shown.contains("可读写"), "{shown}");
    let said = format!("{}{shown}{:?}", stage.log(), checked.stderr);
    assert!(!said.contains("hunter2"), "{said}");
    let own_file = stage.folder().join("guildpoints.db");
    assert!(!own_file.exists(), "the file was not meant");
    stage.finish().await;
}

#[tokio::test]
async fn an_override_says_where_the_journal_lives() {
    lives_where_a_variable_says("GUILDPOINTS__STORE__URL").await;
}

#[tokio::test]
async fn a_variable_the_settings_name_says_where_the_journal_lives() {
    lives_where_a_variable_says("DATABASE_URL").await;
}

#[tokio::test]
async fn a_full_database_pays_nothing_and_says_so_until_there_is_room() {
    let Some(schema) = postgres::schema().await else {
        return;
    };
    let mut stage = Stage::without_bot(Settings {
        store: Some(schema.clone()),
        ..Settings::default()
    })
    .await;
    let ops = Ops::of(&mut stage);
    stage.start().await;
    let full = "create function full_disk() returns trigger language plpgsql as $$ begin
                    raise exception 'no space left on device' using errcode = '53100';
                end $$;
                create trigger full_disk before insert on entries
                    for each row execute function full_disk();
                create trigger full_disk before insert on confirmations
                    for each row execute function full_disk()";
    postgres::execute(&schema, full).await;
    let unwritten = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(unwritten, NOT_WRITTEN).await;
    let down = ops.ready_until(|status, _| status == 503).await;
    assert_eq!(down["trouble"]["store"], "the store is full");
    let asked = stage.says("小红", "/积分");
    stage.hears_of(asked, "120").await;
    assert_eq!(stage.paid(), []);

    postgres::execute(&schema, "drop function full_disk cascade").await;
    ops.ready_until(|status, _| status == 200).await;
    let more = stage.says("夜雨", "/奖励 @小明 2 又可以了");
    stage.hears_of(more, "✅").await;
    told(&stage, more).await;
    assert_eq!(stage.answers(unwritten).len(), 1);
    let paid: Vec<i64> = stage.paid().iter().map(|(points, _)| *points).collect();
    assert_eq!(paid, [2]);
    stage.finish().await;
}

#[tokio::test]
async fn a_write_the_database_gives_up_twice_is_paid_once() {
    let Some(schema) = postgres::schema().await else {
        return;
    };
    let mut stage = Stage::with(Settings {
        store: Some(schema.clone()),
        ..Settings::default()
    })
    .await;
    let trouble = "create sequence troubles;
        create function trouble() returns trigger language plpgsql as $$ begin
            if nextval('troubles') % 3 <> 0 then
                raise exception 'given up' using errcode = '40001';
            end if;
            return new;
        end $$;
        create trigger trouble before insert or update on entries
            for each row execute function trouble()";
    postgres::execute(&schema, trouble).await;
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "✅").await;
    told(&stage, rewarded).await;
    let tried = postgres::number(&schema, "select last_value from troubles").await;
    assert!(
        tried >= 9,
        "opened, settled and told, each the third time: {tried}"
    );
    let answers = stage.answers(rewarded).len();
    assert_eq!(answers, 1, "{}", stage.conversation());
    let paid: Vec<i64> = stage.paid().iter().map(|(points, _)| *points).collect();
    assert_eq!(paid, [666]);
    stage.finish().await;
}

#[tokio::test]
async fn an_answer_the_store_would_not_note_is_not_said_again() {
    let Some(schema) = postgres::schema().await else {
        return;
    };
    let mut stage = Stage::with(Settings {
        store: Some(schema.clone()),
        ..Settings::default()
    })
    .await;
    // The lane gives up after eight tries; the teller's own note is taken in the end.
    let trouble = "create sequence troubles;
        create function trouble() returns trigger language plpgsql as $$ begin
            if new.told <> old.told and nextval('troubles') <= 12 then
                raise exception 'given up' using errcode = '40001';
            end if;
            return new;
        end $$;
        create trigger trouble before update on entries
            for each row execute function trouble()";
    postgres::execute(&schema, trouble).await;
    let rewarded = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
    stage.hears_of(rewarded, "✅").await;
    told(&stage, rewarded).await;
    let tried = postgres::number(&schema, "select last_value from troubles").await;
    assert!(tried > 12, "the lane and the teller have tried: {tried}");
    let answers = stage.answers(rewarded).len();
    assert_eq!(answers, 1, "{}", stage.conversation());
    stage.finish().await;
}

/// A bot that has answered somebody before it stopped, and somebody since its store does not say what
/// is handled; somebody else typed something in the gap.
struct Unlearnt {
    stage: Stage,
    schema: String,
    before: Said,
    missed: Said,
    live: Said,
}

impl Unlearnt {
    async fn new() -> Option<Self> {
        let schema = postgres::schema().await?;
        let mut stage = Stage::with(Settings {
            store: Some(schema.clone()),
            ..Settings::default()
        })
        .await;
        let before = stage.says("夜雨", "/奖励 @小明 3 之前");
        stage.hears_of(before, "✅").await;
        told(&stage, before).await;
        handled(&stage, before).await;
        let status = stage.stop().await;
        assert!(status.success(), "{status}\n{}", stage.log());
        let missed = stage.says("阿杰", "/奖励 @小明 666 天梯第一名");
        // A row that cannot be read. Everything else works, and what is handled can be noted.
        let unreadable = "alter table channels alter since drop not null;
            insert into channels (channel) values (1)";
        postgres::execute(&schema, unreadable).await;
        stage.start().await;
        stage.logged("nothing that was missed is read", 1).await;
        let live = stage.says("夜雨", "/奖励 @小红 5 现在");
        stage.hears_of(live, "✅").await;
        told(&stage, live).await;
        assert!(stage.answers(missed).is_empty());
        Some(Self {
            stage,
            schema,
            before,
            missed,
            live,
        })
    }

    async fn repair(&self) {
        let readable = "delete from channels where channel = 1;
            alter table channels alter since set not null";
        postgres::execute(&self.schema, readable).await;
    }

    /// What was missed is handled, and everything once, whoever works for the bot afterwards.
    async fn ends(mut self) {
        let stage = &mut self.stage;
        stage.hears_of(self.missed, "✅").await;
        told(stage, self.missed).await;
        handled(stage, self.missed).await;
        stage.restart().await;
        let last = stage.says("小明", "/积分");
        stage.hears_of(last, "积分").await;
        for said in [self.before, self.missed, self.live, last] {
            assert_eq!(stage.answers(said).len(), 1, "{}", stage.conversation());
        }
        let paid: Vec<i64> = stage.paid().iter().map(|(points, _)| *points).collect();
        assert_eq!(paid, [3, 5, 666]);
        self.stage.finish().await;
    }
}

#[tokio::test]
async fn what_was_missed_is_read_as_soon_as_the_store_says_what_is_handled() {
    if let Some(unlearnt) = Unlearnt::new().await {
        unlearnt.repair().await;
        unlearnt.ends().await;
    }
}

#[tokio::test]
async fn what_is_heard_before_the_store_says_what_is_handled_hides_nothing_from_the_next_process() {
    if let Some(mut unlearnt) = Unlearnt::new().await {
        let status = unlearnt.stage.stop().await;
        assert!(status.success(), "{status}\n{}", unlearnt.stage.log());
        unlearnt.repair().await;
        unlearnt.stage.start().await;
        unlearnt.ends().await;
    }
}
