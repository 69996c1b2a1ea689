//! The statements of boards of balances and of sweeps, which both engines understand.
//!
//! Invariant: values are numbered in the order in which they come, since SQLite numbers them so.

use crate::journal::balances::Balances;
use crate::model::SystemKind;

/// The statements of one kind of balances, which both engines understand. Values: guild, system, and
/// what each says; SQLite numbers them as they come, so they come in that order.
pub(super) struct Texts {
    /// Then limit and offset.
    pub top: &'static str,
    /// Then points.
    pub above: &'static str,
    /// Then points and member.
    pub before: &'static str,
    /// Then member.
    pub own: &'static str,
    /// Then points, member and limit.
    pub nearest_before: &'static str,
    /// The same.
    pub nearest_after: &'static str,
    /// Nothing more.
    pub hidden: &'static str,
    /// Nothing more; none where balances have no age.
    pub oldest: Option<&'static str>,
}

macro_rules! shown {
    () => {
        "not exists (select 1 from hidden where hidden.guild = $1 and hidden.member = board.member)"
    };
}

macro_rules! hidden_above {
    ($source:literal, $points:literal) => {
        concat!(
            "(select count(*) from (select distinct member from hidden where guild = $1) as hiding
             where exists (select 1 from ",
            $source,
            " as board where board.member = hiding.member and board.points > ",
            $points,
            "))"
        )
    };
}

macro_rules! texts {
    ($source:literal, $oldest:expr) => {
        Texts {
            top: concat!(
                "select member, points from ",
                $source,
                " as board where points > 0 and ",
                shown!(),
                " order by points desc, member limit $3 offset $4"
            ),
            above: concat!(
                "select (select count(*) from ",
                $source,
                " as board where points > $3) - ",
                hidden_above!($source, "$3"),
                " as number"
            ),
            before: concat!(
                "select count(*) as number from ",
                $source,
                " as board where points = $3 and member < $4 and ",
                shown!()
            ),
            own: concat!(
                "select points, (select count(*) from hidden
                     where hidden.guild = $1 and hidden.member = board.member) as reasons from ",
                $source,
                " as board where member = $3"
            ),
            nearest_before: concat!(
                "select member, points from (
                     select * from (select member, points, 0 as far from ",
                $source,
                " as board where points = $3 and member < $4 and ",
                shown!(),
                "    order by member desc limit $5) as equals
                     union all
                     select * from (select member, points, 1 as far from ",
                $source,
                " as board where points > $3 and ",
                shown!(),
                "    order by points, member desc limit $5) as others) as nearest
                 order by far, points, member desc limit $5"
            ),
            nearest_after: concat!(
                "select member, points from (
                     select * from (select member, points, 0 as far from ",
                $source,
                " as board where points = $3 and member > $4 and ",
                shown!(),
                "    order by member limit $5) as equals
                     union all
                     select * from (select member, points, 1 as far from ",
                $source,
                " as board where points < $3 and points > 0 and ",
                shown!(),
                "    order by points desc, member limit $5) as others) as nearest
                 order by far, points desc, member limit $5"
            ),
            hidden: concat!("select ", hidden_above!($source, "0"), " as number where $2 <> ''"),
            oldest: $oldest,
        }
    };
}

static KNOWN: Texts = texts!(
    "(select member, points from known_balances where guild = $1 and system = $2)",
    Some(concat!(
        // The sign keeps an engine from looking by points: by age the first is nearly always the one.
        "select read_ms as number from known_balances as board
         where guild = $1 and system = $2 and +points > 0 and ",
        shown!(),
        " order by read_ms limit 1"
    ))
);

static BOOKS: Texts = texts!(
    "(select account as member, points from book_accounts
      where guild = $1 and account <> 0 and $2 = 'ledger')",
    None
);

/// Those not asked for since $3, after the place of $4 and $5, at most $6.
pub(super) const UNSWEPT: &str = "
    select member, tried_ms from swept
    where guild = $1 and system = $2 and tried_ms < $3 and (tried_ms, member) > ($4, $5)
      and not exists (select 1 from hidden where hidden.guild = $1 and hidden.member = swept.member
                      and reason in ('left', 'bot'))
    order by tried_ms, member limit $6";

/// Whom the journal knows, for the sweep of that guild and system.
pub(super) const ENLIST_KNOWN: &str = "
    insert into swept (guild, system, member, tried_ms)
    select $1, $2, known.member, 0 from (
        select member from earned where guild = $1 and whole = 3 and piece = 0
        union
        select member from known_balances where guild = $1 and system = $2) as known
    where true
    on conflict (guild, system, member) do nothing";

/// Nobody was asked after the pass began, whatever clock said so. Values: when, guild, system; they stand
/// in the order in which they come, since SQLite numbers them so.
pub(super) const NOT_YET: &str =
    "update swept set tried_ms = $1 - 1 where guild = $2 and system = $3 and tried_ms >= $1";

/// The pass of that guild and system began then.
pub(super) const BEGIN: &str = "
    insert into sweeps (guild, system, begun_ms) values ($1, $2, $3)
    on conflict (guild, system) do update set begun_ms = excluded.begun_ms";

impl Balances {
    /// Its statements.
    pub(super) fn texts(&self) -> &'static Texts {
        match self.system.kind() {
            SystemKind::Ledger => &BOOKS,
            SystemKind::Mall | SystemKind::Swan | SystemKind::Manta => &KNOWN,
        }
    }
}
