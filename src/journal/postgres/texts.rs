//! The statements that write, as text.
//!
//! Rows come as one array for each column, so that one prepared text serves any number of them.
//! Only what databases that speak PostgreSQL's language share: no session locks, no notifications.

/// What has to be known of new entries, in one statement: which are there already, which codes are
/// taken, what counts towards the quotas.
pub(super) const LOOK: &str = "
    select 'entry' as what, cast(0 as bigint) as place, cast(0 as bigint) as given, e.code as code
    from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
        as asked (kind, message, line, member)
    cross join lateral (
        select code from entries
        where entries.kind = asked.kind and entries.message = asked.message
          and entries.line = asked.line and entries.member = asked.member
        limit 1) as e
    union all
    select 'code', 0, 0, entries.code from entries where entries.code = any($5::text[])
    union all
    select 'quota', asked.place,
           (select cast(coalesce(sum(counts), 0) as bigint) from entries
            where entries.guild = asked.guild and entries.giver = asked.giver
              and entries.written_ms >= asked.since and entries.written_ms < asked.till), ''
    from unnest($6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
        as asked (place, guild, giver, since, till)
    union all
    select 'freeze', 0, 0, '' from freezes where freezes.guild = any($11::bigint[])";

/// Whether giving is stopped, where it ever was.
pub(super) const FREEZES: &str = "select * from freezes where guild = any($1::bigint[])";

/// The entries of messages, whole.
pub(super) const COMMANDS: &str = "
    select * from entries where kind = 0 and message = any($1::bigint[])";

/// Entries, whole.
pub(super) const KNOWN: &str = "
    select entries.* from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
        as asked (kind, message, line, member)
    join entries on entries.kind = asked.kind and entries.message = asked.message
        and entries.line = asked.line and entries.member = asked.member";

/// Confirmations, whole.
pub(super) const ASKED: &str = "select * from confirmations where message = any($1::bigint[])";

/// Writes new entries.
pub(super) const INSERT: &str = "
    insert into entries (
        kind, message, line, member, op, code, guild, system, giver, member_name, amount, counts,
        reason, remark, channel, quoting, said, written_ms, state, sends, last_sent_ms,
        next_look_ms, next_tell_ms, undoes, undoes_size, approval, approval_over,
        approval_until_ms, account, day)
    select * from unnest(
        $1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[],
        $7::bigint[], $8::text[], $9::bigint[], $10::text[], $11::bigint[], $12::bigint[],
        $13::text[], $14::text[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[],
        $19::text[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[],
        $24::text[], $25::bigint[], $26::text[], $27::bigint[], $28::bigint[], $29::text[], $30::bigint[])";

/// Writes new confirmations.
pub(super) const ASK: &str = "
    insert into confirmations (message, guild, channel, caller, proposal, expires_ms, said, state)
    select v.*, 'asked' from unnest(
        $1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[],
        $7::bigint[]) as v";

/// Uses confirmations up or calls them off.
pub(super) const CONFIRM: &str = "
    update confirmations set state = v.state
    from unnest($1::bigint[], $2::text[]) as v (message, state)
    where confirmations.message = v.message";

/// A statement that changes open entries: what it sets, from which values, on which condition.
macro_rules! change {
    (set $set:literal, values $types:literal as $names:literal, where $condition:literal) => {
        concat!(
            "update entries set ",
            $set,
            " from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], ",
            $types,
            ") as v (kind, message, line, member, ",
            $names,
            ") where entries.kind = v.kind",
            " and entries.message = v.message and entries.line = v.line",
            " and entries.member = v.member and entries.settled_ms is null",
            $condition,
            " returning entries.*"
        )
    };
}

/// Notes another sending.
pub(super) const RESEND: &str = change!(
    set "sends = entries.sends + 1, last_sent_ms = v.now, next_look_ms = v.next,
         state = case entries.state when 'held' then 'held' else 'unconfirmed' end",
    values "$5::bigint[], $6::bigint[], $7::bigint[]" as "sends, now, next",
    where " and entries.sends = v.sends"
);

/// Notes a first sending, which waits while giving is stopped.
pub(super) const SEND_FIRST: &str = change!(
    set "sends = entries.sends + 1, last_sent_ms = v.now, next_look_ms = v.next,
         state = case entries.state when 'held' then 'held' else 'unconfirmed' end",
    values "$5::bigint[], $6::bigint[], $7::bigint[]" as "sends, now, next",
    where " and entries.sends = v.sends and (entries.amount < 0 or not exists (
            select 1 from freezes
            where freezes.guild = entries.guild and freezes.lifted_ms is null))"
);

/// Lets entries that wait be sent.
pub(super) const APPROVE: &str = change!(
    set "approval = 'approved', decided_by = v.who, decided_ms = v.now, next_look_ms = v.next,
         told = 'nothing', next_tell_ms = v.now",
    values "$5::bigint[], $6::bigint[], $7::bigint[]" as "who, now, next",
    where " and entries.approval = 'asked'"
);

/// Ends entries that wait.
pub(super) const DECLINE: &str = change!(
    set "approval = 'refused', decided_by = v.who, decided_ms = v.now, decision = v.why,
         state = 'refused', settled_ms = v.now, next_tell_ms = v.now, counts = 0,
         refusal = v.refusal",
    values "$5::bigint[], $6::bigint[], $7::text[], $8::text[]" as "who, now, why, refusal",
    where " and entries.approval = 'asked'"
);

/// Counts on changes what their undos have taken back for certain. Counted anew each time, so that
/// it does not matter how often.
pub(super) const UNDONE: &str = "
    update entries
    set undone = undos.sum, counts = greatest(abs(entries.amount) - undos.sum, 0)
    from (select v.message, v.line, v.member,
                 (select cast(coalesce(sum(abs(undo.amount)), 0) as bigint) from entries as undo
                  where undo.kind between 1 and 15 and undo.message = v.message
                    and undo.line = v.line and undo.member = v.member
                    and undo.state = 'done') as sum
          from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as v (message, line, member))
        as undos
    where entries.kind = 0 and entries.message = undos.message and entries.line = undos.line
      and entries.member = undos.member and entries.state = 'done'";

/// Stops giving.
pub(super) const FREEZE: &str = "
    insert into freezes (guild, message, frozen_by, reason, since_ms)
    select * from unnest(
        $1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[])
    on conflict (guild) do update set
        message = excluded.message, frozen_by = excluded.frozen_by, reason = excluded.reason,
        since_ms = excluded.since_ms, lifted_by = null, lifted_ms = null";

/// Lets giving go on.
pub(super) const THAW: &str = "
    update freezes set message = v.message, lifted_by = v.who, lifted_ms = v.now
    from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
        as v (guild, message, who, now)
    where freezes.guild = v.guild";

/// Leaves entries open with what was learnt.
pub(super) const KEEP: &str = change!(
    set "state = v.state, looks = v.looks, next_look_ms = v.next, in_doubt_since_ms = v.since,
         heard = v.heard,
         told = case when v.state = 'unresolved' and entries.state <> v.state
                     and entries.told = 'interim' then 'nothing' else entries.told end,
         next_tell_ms = case when v.state = 'unresolved' and entries.state <> v.state
                        then v.now else entries.next_tell_ms end",
    values "$5::bigint[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[],
            $11::bigint[]"
        as "sends, state, looks, next, since, heard, now",
    where " and entries.sends = v.sends"
);

/// Settles entries as done, whoever sent them last.
pub(super) const DONE: &str = change!(
    set "state = 'done', settled_ms = v.now, next_tell_ms = v.now,
         looks = greatest(entries.looks, v.looks)",
    values "$5::bigint[], $6::bigint[]" as "now, looks",
    where ""
);

/// Settles entries as refused, unless sent again since.
pub(super) const REFUSED: &str = change!(
    set "state = 'refused', settled_ms = v.now, next_tell_ms = v.now, counts = 0,
         refusal = v.refusal, refusal_code = v.code, refusal_text = v.text,
         looks = greatest(entries.looks, v.looks)",
    values "$5::bigint[], $6::bigint[], $7::text[], $8::bigint[], $9::text[], $10::bigint[]"
        as "sends, now, refusal, code, text, looks",
    where " and entries.sends = v.sends"
);

/// Ends entries as a person decided, if they stand as seen. Their end is to be told even where
/// something else could not be.
pub(super) const BY_HAND: &str = change!(
    set "state = v.state, settled_ms = v.now, next_tell_ms = v.now,
         told = case entries.told when 'nothing' then 'nothing' else 'interim' end,
         counts = case v.state when 'refused' then 0 else entries.counts end,
         refusal = v.refusal, refusal_code = v.code, refusal_text = v.text,
         settled_by = v.by, settled_why = v.why",
    values "$5::bigint[], $6::text[], $7::text[], $8::bigint[], $9::text[], $10::bigint[],
            $11::text[], $12::text[], $13::text[]"
        as "sends, seen, state, now, refusal, code, text, by, why",
    where " and entries.sends = v.sends and entries.state = v.seen"
);

/// Keeps balances that were read.
pub(super) const BALANCE: &str = "
    update entries set balance = v.balance, balance_read_ms = v.read
    from unnest($1::text[], $2::bigint[], $3::bigint[]) as v (code, balance, read)
    where entries.code = v.code returning entries.*";

/// Notes what was said.
pub(super) const TOLD: &str = "
    update entries
    set said = coalesce(v.said, entries.said),
        told = case
            when v.told = 'undeliverable' then v.told
            when entries.settled_ms is not null and entries.state = v.shown then v.told
            when entries.settled_ms is null
                and (entries.state = 'unresolved' or v.shown = 'waiting')
                and v.shown <> case entries.approval when 'asked' then 'waiting'
                               else entries.state end then 'nothing'
            else 'interim' end
    from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[],
                $7::text[])
        as v (kind, message, line, member, told, said, shown)
    where entries.kind = v.kind and entries.message = v.message
      and ((v.kind = 0 and v.shown is null)
           or (entries.line = v.line and entries.member = v.member))
    returning v.kind, v.message, v.line, v.member, cast(0 as bigint) as tries";

/// Puts telling off.
pub(super) const TELL_LATER: &str = "
    update entries set tell_tries = entries.tell_tries + 1, next_tell_ms = v.next
    from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
        as v (kind, message, line, member, next)
    where entries.kind = v.kind and entries.message = v.message
      and (v.kind = 0 or (entries.line = v.line and entries.member = v.member))
    returning v.kind, v.message, v.line, v.member, entries.tell_tries as tries";

/// Notes the messages with the buttons.
pub(super) const ASKED_SAID: &str = "
    update confirmations set said = v.said
    from unnest($1::bigint[], $2::bigint[]) as v (message, said)
    where confirmations.message = v.message
    returning cast(0 as bigint) as kind, confirmations.message, cast(0 as bigint) as line,
        cast(0 as bigint) as member, cast(0 as bigint) as tries";

/// Takes some pages, for a probe: a row that only changes proves little about room. No message has
/// the id -1. Text out of digests cannot be pressed together.
pub(super) const FILL: &str = "
    insert into confirmations
        (message, guild, channel, caller, proposal, expires_ms, said, state)
    select -1, 0, 0, 0,
           (select string_agg(md5(cast(v.now + n as text)), '') from generate_series(1, 512) as n),
           v.now, null, 'cancelled'
    from unnest($1::bigint[]) as v (now)";

/// Gives them back.
pub(super) const CLEAR: &str = "
    delete from confirmations where message = -1 and 0 < cardinality($1::bigint[])";

/// Writes something harmless.
pub(super) const PROBE: &str = "
    update house set probed_ms = greatest(house.probed_ms + 1, v.now)
    from unnest($1::bigint[]) as v (now)
    returning cast(0 as bigint) as kind, cast(0 as bigint) as message, cast(0 as bigint) as line,
        cast(0 as bigint) as member, cast(0 as bigint) as tries";
