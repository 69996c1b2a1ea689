//! What the mall booked and what the bot says it did, held against each other.
//!
//! The invariant of every story with trouble in it: the sum of what the mall applied is the sum of
//! what the bot finally reports as applied, and no id has effect twice (points-backends, 5.4).

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

use guildpoints::journal::Counts;
use guildpoints::journal::Journal;
use guildpoints::journal::StoreSettings;
use guildpoints::journal::Told;
use guildpoints::model::BotId;
use guildpoints::sandbox::Running;
use guildpoints::sandbox::fault::FaultKind;
use guildpoints::sandbox::fault::FaultRule;
use guildpoints::sandbox::mall::MallRequest;
use guildpoints::sandbox::message::MessageView;
use guildpoints::support::clock::Clock;
use guildpoints::support::pulse::Pulses;

use crate::stage::Said;
use crate::stage::Stage;
use crate::stage::text_of;

/// Nothing tells when a file changes.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// How long a story waits for what stands in a file.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came over the wire at an endpoint of the mall so far, oldest first.
pub fn asked(sandbox: &Running, endpoint: &str) -> Vec<MallRequest> {
    let requests = sandbox.mall().requests().into_iter();
    requests
        .filter(|request| request.endpoint == endpoint)
        .collect()
}

/// The sendings of changes so far: those that carry somebody's change, whatever came of them.
pub fn sendings(stage: &Stage) -> usize {
    asked(&stage.sandbox, "modifyUserPoint").len()
}

/// Waits until the bot has seen a look-up work, so that faults of look-ups meet none of its own tries.
pub async fn probed(stage: &Stage) {
    stage
        .until("the look-up is tried at the start", |sandbox| {
            !asked(sandbox, "findPointRecord").is_empty()
        })
        .await;
}

/// Waits until the bot has logged something.
pub async fn logged(stage: &Stage, part: &str) {
    let look = async {
        while !stage.log().contains(part) {
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    };
    let seen = tokio::time::timeout(PATIENCE, look).await;
    assert!(seen.is_ok(), "never logged: {part}\n{}", stage.log());
}

/// Spoils every request to an endpoint from now on.
pub fn always(stage: &Stage, endpoint: &str, kind: FaultKind) {
    let rule = FaultRule::always(endpoint, kind);
    stage.sandbox.faults().set(rule);
}

/// The answer to what was said as the chat first showed it, whatever it was edited into.
///
/// An edit leaves the preview alone, so this holds also for a test that looked too late.
pub fn first_shown(stage: &Stage, said: Said) -> String {
    let answers = stage.sandbox.answers_to(said.0);
    let first = answers
        .first()
        .unwrap_or_else(|| panic!("no answer\n{}", stage.conversation()));
    first.desc.clone()
}

/// Looks a receipt up as somebody and returns the answer.
pub async fn receipt(stage: &mut Stage, nickname: &str, code: &str) -> String {
    let looked = stage.says(nickname, &format!("/回执 {code}"));
    stage.hears(looked).await
}

/// What the stopped bot's journal still has to do.
pub async fn left_to_do(stage: &Stage) -> Counts {
    let journal = journal(stage).await;
    let counts = journal.counts().await.expect("the store can be counted");
    journal.close().await;
    counts
}

/// Waits until the bot has noted that it answered a change.
pub async fn told(stage: &Stage, said: Said) {
    let journal = journal(stage).await;
    let look = async {
        loop {
            let entries = journal.of_message(said.0).await.expect("the store is read");
            if entries.iter().any(|entry| entry.told != Told::Nothing) {
                return;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    };
    let seen = tokio::time::timeout(PATIENCE, look).await;
    assert!(seen.is_ok(), "never noted as told\n{}", stage.log());
    journal.close().await;
}

/// Waits until the bot has noted durably that it handled a command.
pub async fn handled(stage: &Stage, said: Said) {
    let journal = journal(stage).await;
    let look = async {
        loop {
            let handled = journal.handled().await.expect("the store is read");
            if handled
                .commands
                .iter()
                .any(|(_, message)| *message == said.0)
            {
                return;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    };
    let seen = tokio::time::timeout(PATIENCE, look).await;
    assert!(seen.is_ok(), "never noted as handled\n{}", stage.log());
    journal.close().await;
}

/// The bot's journal, to look at while the bot may be at work on it.
pub async fn journal(stage: &Stage) -> Journal {
    let clock = Clock::system();
    let url = stage.store_url();
    let sign = if url.contains('?') { '&' } else { '?' };
    let settings = StoreSettings {
        url: format!("{url}{sign}mode=ro"),
    };
    let bot = BotId(stage.sandbox.bot());
    let journal = Journal::open_store(&settings, bot, clock.clone(), Pulses::new(clock)).await;
    journal.expect("the bot's store can be read")
}

/// Ends a story about money: the mall booked exactly `paid`, the chat says the same, no id had
/// effect twice, and the journal has nothing left to do.
pub async fn squared(stage: Stage, paid: &[i64]) {
    let left = all_but_settled(stage, paid).await;
    assert_eq!(
        left,
        Counts::default(),
        "something is still open or was never told"
    );
}

/// The same for a story that leaves changes open; answers what is left to do.
pub async fn all_but_settled(mut stage: Stage, paid: &[i64]) -> Counts {
    if stage.runs() {
        let status = stage.stop().await;
        assert!(status.success(), "{status}\n{}", stage.log());
    }
    let booked: Vec<i64> = stage.paid().iter().map(|(points, _)| *points).collect();
    assert_eq!(booked, paid, "{}\n{}", stage.conversation(), stage.log());
    let records = stage.sandbox.mall().records();
    let ids: BTreeSet<&str> = records.iter().map(|r| r.biz_id.as_str()).collect();
    assert_eq!(ids.len(), records.len(), "an id had effect twice");
    assert_eq!(
        reported(&stage),
        booked.iter().sum::<i64>(),
        "the chat reports another sum than the mall booked\n{}",
        stage.conversation()
    );
    let left = left_to_do(&stage).await;
    stage.finish().await;
    left
}

/// The sum of what the bot's messages report as applied, each receipt once.
pub fn reported(stage: &Stage) -> i64 {
    let messages = stage.sandbox.messages(stage.channel);
    let of_the_bot = messages
        .iter()
        .filter(|message| message.author.id == stage.sandbox.bot());
    let done: BTreeMap<String, i64> = of_the_bot.filter_map(applied).collect();
    done.values().sum()
}

/// The receipt and the points of a message that reports a change as applied.
fn applied(message: &MessageView) -> Option<(String, i64)> {
    let text = text_of(message);
    // An undo is a change of its own.
    let line = text
        .strip_prefix("✅ ")
        .or_else(|| text.strip_prefix("↩️ "))?;
    let points = line.split(' ').find_map(|word| {
        let signed = word.starts_with(['+', '-']);
        word.replace(',', "").parse().ok().filter(|_| signed)
    });
    let code = line.split("回执 ").nth(1)?.trim().chars();
    let code = code.take_while(char::is_ascii_alphanumeric).collect();
    Some((code, points?))
}
