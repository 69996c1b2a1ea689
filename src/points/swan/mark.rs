//! Finding changes of ours in a ledger: by the id it keeps, or by the mark in their text.
//!
//! Source: points-backends, 2.5. The mark is what closes the text. A reason somebody typed may hold
//! another change's mark, but it stands before the true one.

use super::ledger::LedgerEntry;
use crate::model::Account;
use crate::model::Amount;
use crate::model::OpId;

/// Digits of an id of ours (`model::op_id`): small letters and digits.
const LONGEST_OP: usize = 64;

/// The text of a change: its remark, and its mark.
pub(super) fn marked(remark: &str, op: &OpId) -> String {
    match remark.trim() {
        "" => format!("[{op}]"),
        remark => format!("{remark} [{op}]"),
    }
}

/// The change of ours an entry is, as far as it says so, and its text without the mark.
pub(super) fn read(entry: &LedgerEntry) -> (Option<OpId>, String) {
    let in_text = last_mark(&entry.info);
    let detail = entry.detail.as_deref().filter(|detail| is_op(detail));
    let op = detail.or(in_text.map(|mark| mark.op));
    let text = match in_text {
        Some(mark) => format!("{}{}", mark.before.trim_end(), mark.after),
        None => entry.info.clone(),
    };
    (op.map(|op| OpId::kept(op.to_owned())), text)
}

/// How an entry stands to a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kinship {
    /// It is that change.
    Same,
    /// It bears the id of that change and is another.
    Impostor,
    /// It has nothing to do with it.
    None,
}

/// Whether `entry` is the change `op` of `amount` points for `account`.
pub(super) fn kinship(
    entry: &LedgerEntry,
    op: &OpId,
    account: &Account,
    amount: Amount,
) -> Kinship {
    // The ledger is that of whoever asks, so an entry that names nobody is theirs.
    let theirs = entry
        .account
        .as_ref()
        .is_none_or(|own| own.id() == account.id());
    let fits = theirs && entry.points == i64::from(amount.points());
    match entry.detail.as_deref() {
        Some(detail) if detail == op.as_str() && fits => Kinship::Same,
        Some(detail) if detail == op.as_str() => Kinship::Impostor,
        Some(detail) if is_op(detail) => Kinship::None,
        // Only a text, which others can write too: it counts where everything else fits.
        _ if fits && last_mark(&entry.info).is_some_and(|mark| mark.op == op.as_str()) => {
            Kinship::Same
        }
        _ => Kinship::None,
    }
}

#[derive(Clone, Copy)]
struct Mark<'a> {
    before: &'a str,
    op: &'a str,
    after: &'a str,
}

fn last_mark(text: &str) -> Option<Mark<'_>> {
    let mut end = text.len();
    while let Some(open) = text[..end].rfind('[') {
        let inside = &text[open + 1..];
        if let Some((op, after)) = inside.split_once(']')
            && is_op(op)
        {
            let before = &text[..open];
            return Some(Mark { before, op, after });
        }
        end = open;
    }
    None
}

/// Whether `text` has the form of an id of ours: `gp-`, and four or five parts of digits.
fn is_op(text: &str) -> bool {
    let Some(parts) = text.strip_prefix("gp-") else {
        return false;
    };
    let digits = |part: &str| {
        let digit = |b: u8| b.is_ascii_digit() || b.is_ascii_lowercase();
        !part.is_empty() && part.bytes().all(digit)
    };
    let count = parts.split('-').count();
    text.len() <= LONGEST_OP && (4..=5).contains(&count) && parts.split('-').all(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BotId;
    use crate::model::Cause;
    use crate::model::MessageId;
    use crate::model::UserId;

    fn cause(message: u64) -> Cause {
        Cause::Message {
            message: MessageId::new(message),
            line: 0,
            member: UserId::new(7),
        }
    }

    fn op(message: u64) -> OpId {
        OpId::of(BotId(UserId::new(9)), &cause(message))
    }

    fn entry(points: i64, detail: Option<&str>, info: &str) -> LedgerEntry {
        LedgerEntry {
            points,
            account: None,
            id: None,
            detail: detail.map(str::to_owned),
            kind: None,
            at_ms: None,
            info: info.to_owned(),
        }
    }

    fn kin(entry: &LedgerEntry) -> Kinship {
        let ann = Account::new("retail", "@retail_1:a");
        kinship(entry, &op(1), &ann, Amount::new(5).unwrap())
    }

    #[test]
    fn a_change_is_known_by_its_id_or_by_its_mark() {
        let (ours, other) = (op(1), op(2));
        let text = marked("每日签到", &ours);
        assert_eq!(kin(&entry(5, Some(ours.as_str()), "")), Kinship::Same);
        assert_eq!(kin(&entry(5, Some("31"), &text)), Kinship::Same);
        assert_eq!(
            kin(&entry(5, None, &format!("{text} (by hand)"))),
            Kinship::Same
        );
        assert_eq!(kin(&entry(6, None, &text)), Kinship::None);
        assert_eq!(kin(&entry(-5, None, &text)), Kinship::None);
        assert_eq!(kin(&entry(5, None, "每日签到")), Kinship::None);
        assert_eq!(
            kin(&entry(6, Some(ours.as_str()), &text)),
            Kinship::Impostor
        );
        // An entry that bears another change's id is that one, whatever its text says.
        assert_eq!(kin(&entry(5, Some(other.as_str()), &text)), Kinship::None);
        // A reason with somebody else's mark in it does not speak for that change.
        let forged = marked(&format!("haha [{ours}]"), &other);
        assert_eq!(kin(&entry(5, None, &forged)), Kinship::None);
        // Neither does an undo, whose id begins with that of the change.
        let undo = OpId::of(BotId(UserId::new(9)), &cause(1).undone_by(1).unwrap());
        assert_eq!(kin(&entry(5, None, &marked("", &undo))), Kinship::None);
    }

    #[test]
    fn another_accounts_entry_is_not_ours() {
        let mut found = entry(5, None, &marked("", &op(1)));
        found.account = Some(Account::new("retail", "@retail_2:a"));
        assert_eq!(kin(&found), Kinship::None);
        found.account = Some(Account::new("other", "@retail_1:a"));
        assert_eq!(kin(&found), Kinship::Same);
        found.account = Some(Account::new("retail", "@retail_2:a"));
        found.detail = Some(op(1).to_string());
        assert_eq!(kin(&found), Kinship::Impostor);
    }

    #[test]
    fn people_read_the_text_without_the_mark() {
        let ours = op(1);
        for (detail, info, what) in [
            (None, marked("每日签到", &ours), "每日签到"),
            (None, marked("", &ours), ""),
            (None, format!("a [x] [{ours}] b"), "a [x] b"),
            (Some(ours.as_str()), "每日签到".to_owned(), "每日签到"),
        ] {
            let read = read(&entry(1, detail, &info));
            assert_eq!(read, (Some(ours.clone()), what.to_owned()));
        }
        for info in [
            "",
            "[",
            "]",
            "[]",
            "[gp-]",
            "[gp-1]",
            "[gp-A-b-c-d]",
            "a [b] c",
        ] {
            assert_eq!(read(&entry(1, Some("31"), info)), (None, info.to_owned()));
        }
    }
}
