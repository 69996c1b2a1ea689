//! Each refusal as a sentence: what was read, what is wrong, what to do next.

use crate::model::Ability;
use crate::model::ChannelId;
use crate::model::Freeze;
use crate::model::ReceiptCode;
use crate::model::Refusal;
use crate::model::System;
use crate::model::SystemKind;
use crate::model::UserId;
use crate::model::decision::NotRuled;
use crate::model::decision::NotUndone;
use crate::model::refusal::About;
use crate::model::refusal::PointsRefusal;
use crate::words::SHARED;
use crate::words::misread::usage_reply;
use crate::words::reply::Hole;
use crate::words::reply::Reply;
use crate::words::reply::Word;
use crate::words::sentences;
use crate::words::systems::system_hole;

sentences! {
    /// Every sentence a refusal may speak, those about what was typed aside.
    pub static REFUSAL_WORDS of SHARED;
    UNKNOWN_GUILD = "unknown_guild" [];
    NOT_IN_PRIVATE = "not_in_private" [];
    WHICH_GUILD = "which_guild" [];
    WHICH_GUILD_OF = "which_guild_of" ["guilds", "command"];
    NO_GUILD = "no_guild" [];
    NO_RIGHT = "no_right" ["roles"];
    NO_RIGHT_ADMINS = "no_right_admins" [];
    ROLES_UNKNOWN = "roles_unknown" [];
    COOLDOWN = "cooldown" ["seconds"];
    ABOVE_EACH = "above_each" ["asked", "cap"];
    ABOVE_DAY = "above_day" ["asked", "used", "cap", "left"];
    FROZEN = "frozen" ["by", "since", "zone", "reason"];
    FROZEN_BEFORE = "frozen_before" ["by", "since", "zone", "reason"];
    FROZEN_NO_REASON = "frozen_no_reason" [];
    NOT_FROZEN = "not_frozen" [];
    UNDO_IS_UNDO = "undo_is_undo" ["code"];
    UNDO_WAITING = "undo_waiting" ["code"];
    UNDO_OPEN = "undo_open" ["code"];
    UNDO_WAS_REFUSED = "undo_was_refused" ["code"];
    UNDO_ALREADY = "undo_already" ["code", "by"];
    UNDO_UNDER_WAY = "undo_under_way" ["code", "by"];
    UNDO_NOT_YOURS = "undo_not_yours" ["code"];
    UNDO_TOO_LATE = "undo_too_late" ["code", "minutes", "seconds"];
    UNDO_NOTHING_THERE = "undo_nothing_there" ["code"];
    UNDO_TOO_OFTEN = "undo_too_often" ["code"];
    UNDO_NO_LAST = "undo_no_last" [];
    UNDO_SEVERAL = "undo_several" ["count", "codes"];
    RULING_GIVER = "ruling_giver" ["code"];
    RULING_RECEIVER = "ruling_receiver" ["code"];
    RULING_NOT_WAITING = "ruling_not_waiting" ["code"];
    RULING_APPROVED = "ruling_approved" ["code", "by"];
    RULING_REFUSED = "ruling_refused" ["code", "by"];
    RULING_EXPIRED = "ruling_expired" ["code"];
    RULING_ABOVE_EACH = "ruling_above_each" ["code", "asked", "cap"];
    ONESELF = "oneself" [];
    IS_BOT = "is_bot" ["name"];
    NOT_A_MEMBER = "not_a_member" ["who"];
    NO_RECEIPT = "no_receipt" ["code"];
    NOT_YOUR_BUTTON = "not_your_button" [];
    BUTTON_EXPIRED = "button_expired" [];
    BUTTON_USED = "button_used" [];
    NOT_ENABLED_HERE = "not_enabled_here" [];
    NO_ACCESS = "no_access" [];
    NO_ACCOUNT_OWN = "no_account_own" [];
    NO_ACCOUNT_OTHER = "no_account_other" [];
    NO_ACCOUNT_THERE_OWN = "no_account_there_own" ["system"];
    NO_ACCOUNT_THERE_OTHER = "no_account_there_other" ["system"];
    NOT_LINKED_OWN = "not_linked_own" [];
    NOT_LINKED_OTHER = "not_linked_other" [];
    INSUFFICIENT = "insufficient" [];
    LACKS_HISTORY = "lacks_history" [];
    LACKS_HISTORY_MALL = "lacks_history_mall" [];
    LACKS_HISTORY_MANTA = "lacks_history_manta" [];
    LACKS_CHANGE = "lacks_change" [];
    LACKS_CHANGE_MANTA = "lacks_change_manta" [];
    LACKS_TAKE = "lacks_take" [];
    LACKS_REPORT = "lacks_report" [];
    CONNECTION = "connection" [];
    TOO_FAST = "too_fast" [];
    UNAVAILABLE = "unavailable" [];
    DECLINED = "declined" [];
    BY_HAND = "by_hand" [];
    NOT_APPROVED = "not_approved" [];
    APPROVAL_EXPIRED = "approval_expired" [];
    POINTS_REFUSED = "points_refused" ["why", "code"];
    CODE = "code" ["code"];
}

/// What the asker wrote, for lines they can copy.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// The command as shown in the guild's language, with its slash.
    pub command: String,
    /// Its usage line in the guild's language.
    pub usage: String,
    /// The name of the one member they named.
    pub who: Option<String>,
}

/// The sentence for `refusal`.
pub fn refusal_reply(refusal: &Refusal, hints: &Hints) -> Reply {
    let untrusted = |text: &String| Hole::Untrusted(text.clone());
    match refusal {
        Refusal::Usage(usage) => usage_reply(usage, hints),
        Refusal::UnknownGuild(_) => Reply::new(&UNKNOWN_GUILD),
        Refusal::NotInPrivate => Reply::new(&NOT_IN_PRIVATE),
        Refusal::WhichGuild { guilds } if guilds.is_empty() => Reply::new(&WHICH_GUILD),
        Refusal::WhichGuild { guilds } => {
            let names = guilds.iter().map(|name| Hole::Name(name.clone())).collect();
            Reply::new(&WHICH_GUILD_OF)
                .with("guilds", Hole::List(names))
                .with("command", Hole::Own(hints.command.clone()))
        }
        Refusal::NoGuild => Reply::new(&NO_GUILD),
        Refusal::NoRight { roles } if roles.is_empty() => Reply::new(&NO_RIGHT_ADMINS),
        Refusal::NoRight { roles } => {
            let names = roles.iter().map(|name| Hole::Name(name.clone())).collect();
            Reply::new(&NO_RIGHT).with("roles", Hole::List(names))
        }
        Refusal::RolesUnknown => Reply::new(&ROLES_UNKNOWN),
        Refusal::Cooldown { seconds } => {
            let seconds = i64::try_from(*seconds).unwrap_or(i64::MAX);
            Reply::new(&COOLDOWN).with("seconds", Hole::Number(seconds))
        }
        Refusal::AboveEach { asked, cap } => Reply::new(&ABOVE_EACH)
            .with("asked", Hole::Number(*asked))
            .with("cap", Hole::Number(*cap)),
        Refusal::AboveDay { asked, used, cap } => Reply::new(&ABOVE_DAY)
            .with("asked", Hole::Number(*asked))
            .with("used", Hole::Number(*used))
            .with("cap", Hole::Number(*cap))
            .with("left", Hole::Number((cap - used).max(0))),
        Refusal::Frozen(freeze) => freeze_reply(&FROZEN, freeze),
        Refusal::FrozenBefore(freeze) => freeze_reply(&FROZEN_BEFORE, freeze),
        Refusal::NotFrozen => Reply::new(&NOT_FROZEN),
        Refusal::NotUndone(why) => not_undone(why),
        Refusal::NotRuled(why) => not_ruled(why),
        Refusal::Oneself => Reply::new(&ONESELF),
        Refusal::IsBot { name } => Reply::new(&IS_BOT).with("name", Hole::Name(name.clone())),
        Refusal::NotAMember { who } => {
            Reply::new(&NOT_A_MEMBER).with("who", Hole::Name(who.clone()))
        }
        Refusal::NoReceipt { code } => {
            Reply::new(&NO_RECEIPT).with("code", untrusted(&code.to_string()))
        }
        Refusal::NotYourButton => Reply::new(&NOT_YOUR_BUTTON),
        Refusal::ButtonExpired => Reply::new(&BUTTON_EXPIRED),
        Refusal::ButtonUsed => Reply::new(&BUTTON_USED),
        Refusal::Lacks { ability, system } => Reply::new(lacks(*ability, *system)),
        Refusal::Points {
            meaning,
            about,
            system,
            code,
        } => points_refused(*meaning, *about, system.as_ref(), *code),
    }
}

/// Who stopped giving, since when and why.
pub fn freeze_reply(word: &'static Word, freeze: &Freeze) -> Reply {
    Reply::new(word)
        .with("by", mention(freeze.by))
        .with("since", Hole::Time(freeze.since_ms))
        .with("zone", Hole::Zone)
        .with("reason", reason_of_freeze(freeze))
}

/// Why giving is stopped, or that nobody said.
pub fn reason_of_freeze(freeze: &Freeze) -> Hole {
    match &freeze.reason {
        Some(reason) => Hole::Untrusted(reason.clone()),
        None => Hole::Said(Box::new(Reply::new(&FROZEN_NO_REASON))),
    }
}

/// Somebody by mention, which the chat shows as their name of today.
pub fn mention(member: UserId) -> Hole {
    Hole::Own(format!("${{@!{member}}}"))
}

/// A channel by link, which the chat shows as its name of today.
pub fn channel_link(channel: ChannelId) -> Hole {
    Hole::Own(format!("${{#{channel}}}"))
}

fn own(code: &ReceiptCode) -> Hole {
    Hole::Own(code.to_string())
}

fn not_undone(why: &NotUndone) -> Reply {
    let of = |word, code| Reply::new(word).with("code", own(code));
    match why {
        NotUndone::IsUndo { code } => of(&UNDO_IS_UNDO, code),
        NotUndone::Waiting { code } => of(&UNDO_WAITING, code),
        NotUndone::Open { code } => of(&UNDO_OPEN, code),
        NotUndone::WasRefused { code } => of(&UNDO_WAS_REFUSED, code),
        NotUndone::Already { code, by } => of(&UNDO_ALREADY, code).with("by", own(by)),
        NotUndone::UnderWay { code, by } => of(&UNDO_UNDER_WAY, code).with("by", own(by)),
        NotUndone::NotYours { code } => of(&UNDO_NOT_YOURS, code),
        NotUndone::TooLate {
            code,
            window_seconds,
        } => {
            let number = |number: u64| Hole::Number(i64::try_from(number).unwrap_or(i64::MAX));
            of(&UNDO_TOO_LATE, code)
                .with("minutes", number(window_seconds / 60))
                .with("seconds", number(window_seconds % 60))
        }
        NotUndone::NothingThere { code } => of(&UNDO_NOTHING_THERE, code),
        NotUndone::TooOften { code } => of(&UNDO_TOO_OFTEN, code),
        NotUndone::NoLast => Reply::new(&UNDO_NO_LAST),
        NotUndone::Several { codes } => Reply::new(&UNDO_SEVERAL)
            .with(
                "count",
                Hole::Number(i64::try_from(codes.len()).unwrap_or(i64::MAX)),
            )
            .with("codes", Hole::List(codes.iter().map(own).collect())),
    }
}

fn not_ruled(why: &NotRuled) -> Reply {
    let of = |word, code| Reply::new(word).with("code", own(code));
    match why {
        NotRuled::Giver { code } => of(&RULING_GIVER, code),
        NotRuled::Receiver { code } => of(&RULING_RECEIVER, code),
        NotRuled::NotWaiting { code } => of(&RULING_NOT_WAITING, code),
        NotRuled::Decided { code, approved, by } => match approved {
            true => of(&RULING_APPROVED, code),
            false => of(&RULING_REFUSED, code),
        }
        .with("by", mention(*by)),
        NotRuled::Expired { code } => of(&RULING_EXPIRED, code),
        NotRuled::AboveEach { code, asked, cap } => of(&RULING_ABOVE_EACH, code)
            .with("asked", Hole::Number(*asked))
            .with("cap", Hole::Number(*cap)),
    }
}

/// The sentence for a points system's no, with its own code for those who may see it.
pub fn points_refused(
    meaning: PointsRefusal,
    about: About,
    system: Option<&System>,
    code: Option<i64>,
) -> Reply {
    let why = points_reply(meaning, about, system);
    Reply::new(&POINTS_REFUSED)
        .with("why", Hole::Said(Box::new(why)))
        .with("code", system_code(code))
}

/// A points system's own code for staff, or nothing.
pub fn system_code(code: Option<i64>) -> Hole {
    match code {
        Some(code) => Hole::Said(Box::new(
            Reply::new(&CODE).with("code", Hole::Own(code.to_string())),
        )),
        None => Hole::Own(String::new()),
    }
}

/// The sentence for a points system's no. Where the system is not the mall, what to do about a missing
/// account is another thing, so it is named.
pub fn points_reply(meaning: PointsRefusal, about: About, system: Option<&System>) -> Reply {
    if let (PointsRefusal::NoAccount, Some(system)) = (meaning, system)
        && system.kind() != SystemKind::Mall
    {
        let word = match about {
            About::Asker => &NO_ACCOUNT_THERE_OWN,
            About::Another => &NO_ACCOUNT_THERE_OTHER,
        };
        return Reply::new(word).with("system", system_hole(system));
    }
    Reply::new(match (meaning, about) {
        (PointsRefusal::NotEnabledHere, _) => &NOT_ENABLED_HERE,
        (PointsRefusal::NoAccess, _) => &NO_ACCESS,
        (PointsRefusal::NoAccount, About::Asker) => &NO_ACCOUNT_OWN,
        (PointsRefusal::NoAccount, About::Another) => &NO_ACCOUNT_OTHER,
        (PointsRefusal::NotLinked, About::Asker) => &NOT_LINKED_OWN,
        (PointsRefusal::NotLinked, About::Another) => &NOT_LINKED_OTHER,
        (PointsRefusal::Insufficient, _) => &INSUFFICIENT,
        (PointsRefusal::Connection, _) => &CONNECTION,
        (PointsRefusal::TooFast, _) => &TOO_FAST,
        (PointsRefusal::Unavailable, _) => &UNAVAILABLE,
        (PointsRefusal::Declined, _) => &DECLINED,
        (PointsRefusal::ByHand, _) => &BY_HAND,
        (PointsRefusal::NotApproved, _) => &NOT_APPROVED,
        (PointsRefusal::ApprovalExpired, _) => &APPROVAL_EXPIRED,
    })
}

/// That a system lacks an ability, and what there is instead (points-backends, 4.3).
fn lacks(ability: Ability, system: SystemKind) -> &'static Word {
    match (ability, system) {
        (Ability::History, SystemKind::Mall) => &LACKS_HISTORY_MALL,
        (Ability::History, SystemKind::Manta) => &LACKS_HISTORY_MANTA,
        (Ability::History, SystemKind::Swan | SystemKind::Ledger) => &LACKS_HISTORY,
        (Ability::Change, SystemKind::Manta) => &LACKS_CHANGE_MANTA,
        (Ability::Change, _) => &LACKS_CHANGE,
        (Ability::Take, _) => &LACKS_TAKE,
        (Ability::Report, _) => &LACKS_REPORT,
    }
}
