-- Leaderboards: what everybody has earned through the bot, summed up as it comes in, so that a board costs
-- the same however many changes there were. Columns are text and bigint only.

-- The day of the guild's calendar a change counts in, numbered from 1970-01-01; of an undo, that of what
-- it undoes. None where it was written before there were boards.
alter table entries add column day bigint;
create index entries_undated on entries (guild, written_ms) where day is null;

-- Points earned: one row for each day, week, month and all time in which somebody earned any. `whole` is
-- 0 a day, 1 a week, 2 a month, 3 all time; `piece` is the number of its first day, 0 for all time.
create table earned (
    guild   bigint not null,
    whole   bigint not null check (whole between 0 and 3),
    piece   bigint not null,
    member  bigint not null,
    points  bigint not null,
    -- Whether the member is on boards: 1, or 0 where they are hidden.
    shown   bigint not null check (shown in (0, 1)),
    primary key (guild, whole, piece, member)
);
create index earned_board on earned (guild, whole, piece, points desc, member) where shown = 1;
create index earned_hidden on earned (guild, whole, piece) where shown = 0;
create index earned_member on earned (guild, member);

-- How many of those shown have points in a bucket: 2^6, 2^12 and 2^18 points wide. A place is found by
-- adding up a few of them.
create table earned_levels (
    guild   bigint not null,
    whole   bigint not null,
    piece   bigint not null,
    level   bigint not null,
    bucket  bigint not null,
    members bigint not null,
    primary key (guild, whole, piece, level, bucket)
);

-- Who is not on the boards of a guild, and why.
create table hidden (
    guild    bigint not null,
    member   bigint not null,
    reason   text   not null check (reason in ('asked', 'left', 'bot', 'role')),
    since_ms bigint not null,
    primary key (guild, member, reason)
);
