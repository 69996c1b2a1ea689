-- Boards that post themselves. Columns are text and bigint only.

-- One row for each name in a guild, whoever set it up; what was removed stays, so that its moments are not
-- due a second time when it comes back.
create table schedules (
    guild            bigint not null,
    name             text   not null,
    source           text   not null check (source in ('file', 'chat')),
    channel          bigint not null,
    -- as written in the settings
    at               text   not null,
    counted          text   not null,
    rows             bigint not null,
    mode             text   not null,
    catch_up_ms      bigint not null,
    paused           bigint not null check (paused in (0, 1)),
    removed          bigint not null check (removed in (0, 1)),
    made_by          bigint,
    made_ms          bigint not null,
    changed_by       bigint,
    changed_ms       bigint not null,
    -- raised by every change of what people settle
    revision         bigint not null,
    -- up to which moment its slots are handled
    since_ms         bigint not null,
    failing_since_ms bigint,
    failing          text,
    failing_detail   text,
    failing_told     bigint not null check (failing_told in (0, 1)),
    primary key (guild, name)
);

-- The moments at which one was due, each once.
create table slots (
    guild      bigint not null,
    name       text   not null,
    slot_ms    bigint not null,
    -- 1 where somebody asked for it, 0 where its time had come
    by_hand    bigint not null check (by_hand in (0, 1)),
    asked_by   bigint,
    state      text   not null
               check (state in ('claimed', 'posting', 'posted', 'skipped', 'doubtful', 'failed')),
    made_ms    bigint not null,
    -- until when it is worth posting
    until_ms   bigint not null,
    -- when to go on with it
    next_ms    bigint not null,
    tries      bigint not null,
    late       bigint not null check (late in (0, 1)),
    channel    bigint not null,
    -- what was sent, letter by letter, and when its first byte was about to leave
    sent       text,
    sent_ms    bigint,
    -- the newest message of the channel before that; 0 where there was none
    after      bigint,
    -- the post that is edited instead of sending a new one
    edits      bigint,
    -- complete readings of the history that did not show it
    absent     bigint not null,
    message    bigint,
    -- an older post that is to be deleted
    clears     bigint,
    settled_ms bigint,
    why        text,
    primary key (guild, name, slot_ms, by_hand)
);
create index slots_open on slots (next_ms) where state in ('claimed', 'posting') or clears is not null;
create index slots_posted on slots (guild, name, settled_ms desc) where state = 'posted';
create index slots_message on slots (channel, message) where message is not null;
