//! Going through the books: what may not agree, and the questions that find it.
//!
//! Each question is one statement, so that it sees one moment of a store the bot is at work on. They
//! are in words both engines know, with `$1`, `$2` … used once and in order.

use crate::model::GuildId;
use crate::model::OpId;
use crate::model::ReceiptCode;
use crate::model::UserId;

/// What the books come to when they are gone through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audited {
    /// Accounts of members.
    pub accounts: u64,
    /// Changes.
    pub changes: u64,
    /// What does not agree.
    pub faults: Vec<BookFault>,
}

/// Something in the books that does not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookFault {
    /// The accounts of a guild do not add up to nothing.
    Unbalanced {
        /// The guild.
        guild: GuildId,
        /// What they add up to.
        sum: i64,
    },
    /// An account is not the sum of its postings.
    Account {
        /// The guild.
        guild: GuildId,
        /// Whose; 0 is the one points come from.
        account: UserId,
        /// What it has.
        points: i64,
        /// What its postings add up to.
        posted: i64,
    },
    /// The postings of a change are not two that add up to nothing.
    Halves {
        /// Which.
        op: OpId,
    },
    /// The journal has a change of the ledger as done, and the books do not have it.
    Unposted {
        /// Which.
        code: ReceiptCode,
    },
    /// The books have a change that no entry of the journal can have made.
    Unexplained {
        /// Which.
        op: OpId,
    },
}

/// How many accounts of members and changes there are.
pub(super) const COUNTED: &str = "
    select (select count(*) from book_accounts where account <> 0) as accounts,
           (select count(*) from book_postings where account <> 0) as changes";

/// Guilds whose accounts do not add up to nothing.
pub(super) const UNBALANCED: &str = "
    select guild, cast(sum(points) as bigint) as points from book_accounts
    group by guild having sum(points) <> 0 order by guild limit $1";

/// Accounts that are not the sum of their postings.
pub(super) const NOT_POSTED: &str = "
    select guild, account, cast(sum(points) as bigint) as points,
           cast(sum(posted) as bigint) as posted
    from (select guild, account, points, 0 as posted from book_accounts
          union all
          select guild, account, 0 as points, points as posted from book_postings) as sides
    group by guild, account having sum(points) <> sum(posted) order by guild, account limit $1";

/// Changes that are not two postings, one of them of the issuing account, that add up to nothing.
pub(super) const HALVES: &str = "
    select op from book_postings group by op
    having count(*) <> 2 or sum(points) <> 0 or min(guild) <> max(guild)
        or min(number) <> max(number) or sum(case account when 0 then 1 else 0 end) <> 1
    order by op limit $1";

/// Entries that are done and are not in the books.
pub(super) const UNPOSTED: &str = "
    select entries.code from entries
    left join book_postings as posted on posted.op = entries.op
        and posted.account = entries.member and posted.guild = entries.guild
        and posted.points = entries.amount
    where entries.system = 'ledger' and entries.state = 'done' and posted.op is null
    order by entries.code limit $1";

/// Changes of the books that no entry can have made. One that is not settled may have: it is settled
/// after it is posted.
pub(super) const UNEXPLAINED: &str = "
    select posted.op from book_postings as posted
    left join entries on entries.op = posted.op and entries.system = 'ledger'
        and entries.state <> 'refused' and entries.member = posted.account
        and entries.guild = posted.guild and entries.amount = posted.points
    where posted.account <> 0 and entries.op is null
    order by posted.op limit $1";

/// Changes of an account, the last first; `$3` is the sign of those that are wanted, 0 for all.
pub(super) const BOOKINGS: &str = "
    select * from book_postings where guild = $1 and account = $2 and points * $3 >= 0
    order by number desc limit $4 offset $5";
