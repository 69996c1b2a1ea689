//! The statements that write, as text.
//!
//! Rows come as one JSON array of arrays, so that one prepared text serves any number of them. New
//! entries are the bulk and come as rows of parameters, which SQLite takes twice as fast.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::LazyLock;

/// Begins as a writer: a reader that wants to become one fails at once if another has written.
pub(super) const BEGIN: &str = "begin immediate";

/// Ends what `BEGIN` began, on disk.
pub(super) const COMMIT: &str = "commit";

/// What has to be known of new entries, in one statement: which are there already, which codes are
/// taken, what counts towards the quotas.
pub(super) const LOOK: &str = "
    select 'entry' as what, 0 as place, 0 as given, code from entries
    where (kind, message, line, member) in
        (select value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each($1))
    union all
    select 'code', 0, 0, code from entries where code in (select value from json_each($2))
    union all
    select 'quota', asked.key,
           (select coalesce(sum(counts), 0) from entries
            where guild = asked.value ->> 0 and giver = asked.value ->> 1
              and written_ms >= asked.value ->> 2 and written_ms < asked.value ->> 3), ''
    from json_each($3) as asked";

/// Entries, whole.
pub(super) const KNOWN: &str = "
    select * from entries where (kind, message, line, member) in
        (select value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each($1))";

/// Confirmations, whole.
pub(super) const ASKED: &str = "
    select * from confirmations where message in (select value from json_each($1))";

/// The text that inserts as many entries as `entries` has.
pub(super) fn insert(entries: usize) -> Arc<str> {
    static TEXTS: LazyLock<HashMap<usize, Arc<str>>> = LazyLock::new(|| {
        let texts = SIZES.into_iter().map(|size| (size, insert_text(size)));
        texts.collect()
    });
    TEXTS
        .get(&entries)
        .cloned()
        .unwrap_or_else(|| insert_text(entries))
}

/// Numbers of rows for which a statement stays prepared. Powers of two reach any number in few.
pub(super) const SIZES: [usize; 7] = [64, 32, 16, 8, 4, 2, 1];

fn insert_text(rows: usize) -> Arc<str> {
    let row = "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
    let values = vec![row; rows].join(",");
    Arc::from(format!(
        "insert into entries (
            kind, message, line, member, op, code, guild, system, giver, member_name, amount,
            counts, reason, remark, channel, quoting, said, written_ms, state, sends,
            last_sent_ms, next_look_ms, next_tell_ms) values {values}"
    ))
}

/// Writes new confirmations.
pub(super) const ASK: &str = "
    insert into confirmations (message, guild, channel, caller, proposal, expires_ms, said, state)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
           value ->> 6, 'asked' from json_each($1)";

/// Uses confirmations up or calls them off.
pub(super) const CONFIRM: &str = "
    update confirmations set state = v.state
    from (select value ->> 0 as message, value ->> 1 as state from json_each($1)) as v
    where confirmations.message = v.message";

/// A statement that changes open entries: what it sets, from which values, on which condition.
macro_rules! change {
    (set $set:literal, values $values:literal, where $condition:literal) => {
        concat!(
            "update entries set ",
            $set,
            " from (select value ->> 0 as kind, value ->> 1 as message, value ->> 2 as line,",
            " value ->> 3 as member, ",
            $values,
            " from json_each($1)) as v where entries.kind = v.kind",
            " and entries.message = v.message and entries.line = v.line",
            " and entries.member = v.member and entries.settled_ms is null",
            $condition,
            " returning *"
        )
    };
}

/// Notes another sending.
pub(super) const RESEND: &str = change!(
    set "sends = entries.sends + 1, last_sent_ms = v.now, next_look_ms = v.next,
         state = case entries.state when 'held' then 'held' else 'unconfirmed' end",
    values "value ->> 4 as sends, value ->> 5 as now, value ->> 6 as next",
    where " and entries.sends = v.sends"
);

/// Leaves entries open with what was learnt.
pub(super) const KEEP: &str = change!(
    set "state = v.state, looks = v.looks, next_look_ms = v.next, in_doubt_since_ms = v.since,
         heard = v.heard",
    values "value ->> 4 as sends, value ->> 5 as state, value ->> 6 as looks, value ->> 7 as next,
            value ->> 8 as since, value ->> 9 as heard",
    where " and entries.sends = v.sends"
);

/// Settles entries as done, whoever sent them last.
pub(super) const DONE: &str = change!(
    set "state = 'done', settled_ms = v.now, next_tell_ms = v.now",
    values "value ->> 4 as now",
    where ""
);

/// Settles entries as refused, unless sent again since.
pub(super) const REFUSED: &str = change!(
    set "state = 'refused', settled_ms = v.now, next_tell_ms = v.now, counts = 0,
         refusal = v.refusal, refusal_code = v.code, refusal_text = v.text",
    values "value ->> 4 as sends, value ->> 5 as now, value ->> 6 as refusal, value ->> 7 as code,
            value ->> 8 as text",
    where " and entries.sends = v.sends"
);

/// Keeps balances that were read.
pub(super) const BALANCE: &str = "
    update entries set balance = v.balance, balance_read_ms = v.read
    from (select value ->> 0 as code, value ->> 1 as balance, value ->> 2 as read
          from json_each($1)) as v
    where entries.code = v.code returning *";

/// Notes what was said.
pub(super) const TOLD: &str = "
    update entries set told = v.told, said = coalesce(v.said, entries.said)
    from (select value ->> 0 as kind, value ->> 1 as message, value ->> 2 as told,
                 value ->> 3 as said from json_each($1)) as v
    where entries.kind = v.kind and entries.message = v.message
    returning kind, message, 0 as tries";

/// Puts telling off.
pub(super) const TELL_LATER: &str = "
    update entries set tell_tries = entries.tell_tries + 1, next_tell_ms = v.next
    from (select value ->> 0 as kind, value ->> 1 as message, value ->> 2 as next
          from json_each($1)) as v
    where entries.kind = v.kind and entries.message = v.message
    returning kind, message, tell_tries as tries";

/// Notes the messages with the buttons.
pub(super) const ASKED_SAID: &str = "
    update confirmations set said = v.said
    from (select value ->> 0 as message, value ->> 1 as said from json_each($1)) as v
    where confirmations.message = v.message
    returning 0 as kind, message, 0 as tries";

/// Takes some pages, for a probe: a row that only changes proves nothing about room. No message has
/// the id -1.
pub(super) const FILL: &str = "
    insert or replace into confirmations
        (message, guild, channel, caller, proposal, expires_ms, said, state)
    select -1, 0, 0, 0, hex(zeroblob(8192)), value, null, 'cancelled' from json_each($1)";

/// Gives them back.
pub(super) const CLEAR: &str = "
    delete from confirmations
    where message = -1 and exists (select value from json_each($1))";

/// Writes something harmless. Never the value that stands there: SQLite does not write a page that does not change.
pub(super) const PROBE: &str = "
    update house set probed_ms = max(probed_ms + 1, v.now)
    from (select value as now from json_each($1)) as v
    returning 0 as kind, 0 as message, 0 as tries";
