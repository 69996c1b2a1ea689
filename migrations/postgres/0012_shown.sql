-- Boards that stand in the chat: whoever does not want to be on boards any more is taken off these as
-- well. Columns are text and bigint only.

-- Places of a day are found as those of a week are: by adding up a few buckets.
insert into earned_levels (guild, whole, piece, level, bucket, members)
select guild, whole, piece, level, points >> cast(level as int), count(*)
from earned cross join (select 6 as level union all select 12 union all select 18) as levels
where whole = 0 and shown = 1 and points > 0
group by guild, whole, piece, level, points >> cast(level as int);

-- A message of ours with a board in it.
create table shown_boards (
    channel   bigint not null,
    message   bigint not null,
    guild     bigint not null,
    -- A page of `/top`, a place of `/rank`, or the post of a schedule.
    kind      text   not null check (kind in ('page', 'place', 'post')),
    counted   text   not null,
    -- The moment whose period is counted; of a post, that at which it was due.
    at_ms     bigint not null,
    form      text   not null check (form in ('text', 'card', 'rich', 'photo')),
    -- The name of the picture it shows.
    picture   text,
    -- Of an answer: the command, who asked, whose row stands at the foot, which page, whether it has
    -- buttons.
    command   bigint,
    asker     bigint,
    subject   bigint,
    page      bigint,
    buttons   bigint,
    -- Of a post: its schedule, how many rows it has at most, whether it came late, whether the next is
    -- compared with it.
    schedule  text,
    row_count bigint,
    late      bigint,
    compared  bigint,
    -- When what it says was read.
    shown_ms  bigint not null,
    -- Grows with every note: what was read before is not written over what came after.
    version   bigint not null,
    -- Since when, or from when on, it is to be written anew; none: it says what it should.
    due_ms    bigint,
    tries     bigint not null,
    -- When it was last written anew for that reason.
    edited_ms bigint,
    primary key (channel, message)
);
create index shown_boards_due on shown_boards (due_ms) where due_ms is not null;
create index shown_boards_age on shown_boards (shown_ms);
create index shown_boards_schedule on shown_boards (guild, schedule, at_ms) where schedule is not null;

-- Whose rows it has.
create table shown_members (
    channel bigint not null,
    message bigint not null,
    member  bigint not null,
    primary key (channel, message, member)
);
create index shown_members_board on shown_members (member, channel, message);

-- The boards of schedules, and who stood first on each with how many points: what the next is compared
-- with.
create table board_slots (
    guild    bigint not null,
    schedule text   not null,
    slot_ms  bigint not null,
    counted  text   not null,
    primary key (guild, schedule, slot_ms)
);
create table board_places (
    guild    bigint not null,
    schedule text   not null,
    slot_ms  bigint not null,
    member   bigint not null,
    points   bigint not null,
    primary key (guild, schedule, slot_ms, member)
);
