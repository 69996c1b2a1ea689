//! A system offers what it claims and nothing else; what it lacks is said in its own sentence.

use guildpoints::app;
use guildpoints::commands::Registry;
use guildpoints::model::Ability;
use guildpoints::model::Language;
use guildpoints::model::Refusal;
use guildpoints::model::SystemKind;
use guildpoints::points::Adjust;
use guildpoints::points::Lookup;
use guildpoints::words::Hints;
use guildpoints::words::refusal_reply;
use jiff::tz::TimeZone;

use super::rig::Batches;
use super::rig::Find;
use super::rig::Pages;
use super::rig::Rig;

on_each_system! {
    what_is_claimed_is_there_and_nothing_else,
    what_is_missing_is_said_in_the_words_for_it,
}

/// What is said of a missing ability, in both languages. Source: points-backends, 4.3.
const SAID: [(Ability, SystemKind, &str, &str); 7] = [
    (
        Ability::History,
        SystemKind::Mall,
        "积分商城接口不提供流水查询，可凭操作编号查询单笔：",
        "The mall has no history; a single operation can be looked up by its id: ",
    ),
    (
        Ability::History,
        SystemKind::Manta,
        "MantaGO 只提供余额查询，没有流水",
        "MantaGO offers balances only, no history",
    ),
    (
        Ability::Change,
        SystemKind::Manta,
        "MantaGO 积分为只读，机器人不能加减积分，请在 MantaGO 后台操作",
        "MantaGO points are read-only; the bot cannot change them. Change them in the MantaGO console",
    ),
    (
        Ability::Take,
        SystemKind::Swan,
        "管理员尚未启用扣减",
        "Taking points has not been enabled by the operator",
    ),
    (
        Ability::Report,
        SystemKind::Mall,
        "该积分系统不支持事件上报",
        "This points system does not support event reports",
    ),
    (
        Ability::Report,
        SystemKind::Manta,
        "该积分系统不支持事件上报",
        "This points system does not support event reports",
    ),
    (
        Ability::Report,
        SystemKind::Ledger,
        "该积分系统不支持事件上报",
        "This points system does not support event reports",
    ),
];

async fn what_is_claimed_is_there_and_nothing_else(rig: Rig) {
    let (backend, claims) = (&rig.backend, &rig.claims);
    let change = backend.adjust();
    let change = change.map(|adjust: &dyn Adjust| (adjust.repeats(), adjust.taking()));
    assert_eq!(change, claims.change);
    let found_by = backend.lookup().map(|lookup: &dyn Lookup| lookup.by());
    match claims.find {
        Find::Not => assert_eq!(found_by, None),
        Find::By(by) => assert_eq!(found_by, Some(by)),
        Find::Missing | Find::Unreadable => assert!(found_by.is_some()),
    }
    assert_eq!(backend.history().is_some(), claims.history != Pages::None);
    assert_eq!(backend.batch().is_some(), claims.batch != Batches::None);
    assert_eq!(backend.many().is_some(), claims.many);
    assert!(backend.batch().is_none_or(|batch| batch.most() > 1));
    assert!(backend.many().is_none_or(|many| many.most() > 1));
}

async fn what_is_missing_is_said_in_the_words_for_it(rig: Rig) {
    let words = app::texts(&Registry::new(), None).unwrap();
    let kind = rig.backend.system().kind();
    let mut missing = Vec::new();
    if rig.claims.history == Pages::None {
        missing.push(Ability::History);
    }
    match rig.claims.change {
        None => missing.push(Ability::Change),
        Some((_, guildpoints::points::Taking::NotEnabled)) => missing.push(Ability::Take),
        Some(_) => {}
    }
    if kind != SystemKind::Swan {
        missing.push(Ability::Report);
    }
    for ability in missing {
        let refusal = Refusal::Lacks {
            ability,
            system: kind,
        };
        let reply = refusal_reply(&refusal, &Hints::default());
        let row = SAID.iter().find(|row| (row.0, row.1) == (ability, kind));
        let (_, _, chinese, english) = row.unwrap_or_else(|| panic!("no row for {refusal:?}"));
        for (language, sentence) in [(Language::Chinese, chinese), (Language::English, english)] {
            let said = words.render(&reply, language, &TimeZone::UTC).text;
            assert!(said.starts_with(sentence), "{said}");
        }
    }
}
