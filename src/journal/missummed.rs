//! How the sums of boards are held against what they are made of, in words that both engines understand.
//!
//! Three comparisons: the sums of days against the entries; those of all time against the days; the
//! buckets of every board against its sums. Weeks and months follow a calendar that no engine has, so
//! they are held against the days by those who know it: their buckets are looked at here.

/// Guild, day and member of what differs. Where a bucket does, the day is the first of its board (0 of
/// all time) and the member the first with points on it.
pub(super) const MISSUMMED: &str = "
    with said as (
        select guild, day, member, cast(sum(amount - undone) as bigint) as points from entries
        where kind = 0 and amount > 0 and state = 'done' and day is not null
        group by guild, day, member having sum(amount - undone) <> 0
    ), kept as (
        select guild, piece as day, member, points from earned where whole = 0 and points <> 0
    ), days as (
        select guild, cast(0 as bigint) as day, member, cast(sum(points) as bigint) as points
        from kept group by guild, member having sum(points) <> 0
    ), ever as (
        select guild, piece as day, member, points from earned where whole = 3 and points <> 0
    ), counted as (
        select guild, whole, piece, level, points / width as bucket, count(*) as members
        from earned
        cross join (select 6 as level, 64 as width union all select 12, 4096
                    union all select 18, 262144) as levels
        where shown = 1 and points > 0
        group by guild, whole, piece, level, points / width
    ), levelled as (
        select guild, whole, piece, level, bucket, members from earned_levels where members <> 0
    ), unlevel as (
        select distinct guild, whole, piece from (
            select * from (select * from counted except select * from levelled) as missing
            union
            select * from (select * from levelled except select * from counted) as surplus)
            as differing
    )
    select guild, day, member from (
        select * from (select * from said except select * from kept) as a
        union
        select * from (select * from kept except select * from said) as b
        union
        select * from (select * from days except select * from ever) as c
        union
        select * from (select * from ever except select * from days) as d
        union
        select unlevel.guild, unlevel.piece as day, coalesce(min(earned.member), 0) as member,
               cast(0 as bigint) as points
        from unlevel left join earned on earned.guild = unlevel.guild
            and earned.whole = unlevel.whole and earned.piece = unlevel.piece
        group by unlevel.guild, unlevel.whole, unlevel.piece) as found
    group by guild, day, member order by guild, day, member";
