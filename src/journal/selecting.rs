//! A selection as the end of a query: conditions, order, limit, in words both engines know.
//!
//! Invariant: nothing anybody wrote becomes part of the text; values are numbers in `$1`, `$2` …, each
//! used once and in order, and states are the store's own words.

use std::fmt::Write as _;

use crate::journal::entry::State;
use crate::journal::selection::Order;
use crate::journal::selection::Selection;
use crate::journal::selection::Standing;
use crate::model::Cause;

/// What follows `select … from entries`, and its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tail {
    /// The text, from `where` on.
    pub text: String,
    /// The values of `$1`, `$2` … in order.
    pub values: Vec<i64>,
}

impl Tail {
    /// The tail for a selection; `word` is what a state is kept as, `key` what a cause is.
    pub fn of(
        selection: &Selection,
        order: Order,
        limit: usize,
        word: fn(State) -> &'static str,
        key: fn(&Cause) -> (i64, i64, i64, i64),
    ) -> Self {
        let mut tail = Self {
            text: " where true".to_owned(),
            values: Vec::new(),
        };
        let ids = [
            ("guild", selection.guild.map(|guild| guild.number())),
            ("member", selection.member.map(|member| member.number())),
            ("giver", selection.giver.map(|giver| giver.number())),
        ];
        for (column, id) in ids {
            tail.condition(column, "=", id.map(u64::cast_signed));
        }
        tail.condition("written_ms", ">=", selection.since_ms);
        tail.condition("written_ms", "<", selection.until_ms);
        if !selection.states.is_empty() {
            let each = selection.states.iter();
            let each: Vec<String> = each.map(|&state| stands(state, word(state))).collect();
            let _infallible = write!(tail.text, " and ({})", each.join(" or "));
        }
        if selection.standing == Standing::Open {
            tail.text.push_str(" and settled_ms is null");
        }
        let order = match order {
            Order::NewestFirst => "written_ms desc, message desc, line, member",
            Order::OldestFirst => "written_ms, message, line, member",
            Order::ByKey(behind) => {
                if let Some(behind) = behind {
                    let (kind, message, line, member) = key(&behind);
                    let values = [kind, message, line, member];
                    let holes = values.map(|value| tail.hole(value)).join(", ");
                    let _infallible =
                        write!(tail.text, " and (kind, message, line, member) > ({holes})");
                }
                "kind, message, line, member"
            }
        };
        let limit = tail.hole(i64::try_from(limit).unwrap_or(i64::MAX));
        let _infallible = write!(tail.text, " order by {order} limit {limit}");
        tail
    }

    fn condition(&mut self, column: &str, comparison: &str, value: Option<i64>) {
        let Some(value) = value else { return };
        let hole = self.hole(value);
        let _infallible = write!(self.text, " and {column} {comparison} {hole}");
    }

    /// The place of a value in the text.
    fn hole(&mut self, value: i64) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }
}

/// The condition for a state that is kept as `word`, with what tells it from others kept as the same.
fn stands(state: State, word: &str) -> String {
    let beside = match state {
        State::Waiting => " and approval = 'asked'",
        State::Queued => " and coalesce(approval, '') <> 'asked'",
        State::Done => " and undone = 0",
        State::PartlyUndone => " and undone > 0 and undone < abs(amount)",
        State::Undone => " and undone >= abs(amount)",
        State::Unconfirmed | State::Held | State::Unresolved | State::Refused => "",
    };
    format!("(state = '{word}'{beside})")
}

/// Entries on which something else is counted than their state and their undos want: what was undone
/// of them, and what they take of their giver's quota (`Receipt::counts`). `$1` is how many at most.
pub(super) const MISCOUNTED: &str = "
    select entries.code as code from entries
    left join (
        select message, line, member, sum(abs(amount)) as taken from entries
        where kind between 1 and 15 and state = 'done'
        group by message, line, member) as undos
      on entries.kind = 0 and entries.message = undos.message and entries.line = undos.line
        and entries.member = undos.member
    where entries.undone <> coalesce(undos.taken, 0)
       or entries.counts <> case
            when entries.state = 'refused' or entries.kind <> 0 then 0
            when abs(entries.amount) > entries.undone then abs(entries.amount) - entries.undone
            else 0 end
    order by entries.written_ms limit $1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GuildId;
    use crate::model::MessageId;
    use crate::model::UserId;

    fn tail(selection: &Selection, order: Order) -> Tail {
        let key = |cause: &Cause| {
            let (message, line, member) = cause.parts();
            let (message, member) = (message.number(), member.number());
            (
                cause.kind(),
                message.cast_signed(),
                line.into(),
                member.cast_signed(),
            )
        };
        Tail::of(selection, order, 50, |_| "held", key)
    }

    #[test]
    fn everything_is_asked_without_a_condition() {
        let tail = tail(&Selection::default(), Order::OldestFirst);
        assert_eq!(
            tail.text,
            " where true order by written_ms, message, line, member limit $1"
        );
        assert_eq!(tail.values, [50]);
    }

    #[test]
    fn each_condition_has_its_own_value_in_order() {
        let selection = Selection {
            guild: Some(GuildId::new(1)),
            member: Some(UserId::new(u64::MAX)),
            giver: Some(UserId::new(3)),
            states: vec![State::Held, State::Waiting],
            standing: Standing::Open,
            since_ms: Some(4),
            until_ms: Some(5),
        };
        let behind = Cause::Message {
            message: MessageId::new(7),
            line: 8,
            member: UserId::new(9),
        };
        let tail = tail(&selection, Order::ByKey(Some(behind)));
        assert_eq!(
            tail.text,
            " where true and guild = $1 and member = $2 and giver = $3 and written_ms >= $4 \
             and written_ms < $5 and ((state = 'held') or (state = 'held' and approval = 'asked')) \
             and settled_ms is null \
             and (kind, message, line, member) > ($6, $7, $8, $9) \
             order by kind, message, line, member limit $10"
        );
        assert_eq!(tail.values, [1, -1, 3, 4, 5, 0, 7, 8, 9, 50]);
    }
}
