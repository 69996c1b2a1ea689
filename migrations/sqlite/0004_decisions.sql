-- What people decide about changes: undoing them, approving them, stopping all giving. A check of a
-- column cannot be changed everywhere, so these facts stand beside the states of the first shape: an
-- entry that waits for approval is queued with `approval = 'asked'`, one that was undone is done with
-- `undone` above 0.

-- Of an undo (kind 1 to 15): the code and the size of what it undoes.
alter table entries add column undoes text;
alter table entries add column undoes_size bigint;
-- How much of a change was undone for certain; it counts that much less.
alter table entries add column undone bigint not null default 0 check (undone >= 0);

alter table entries add column approval text check (approval in ('asked', 'approved', 'refused'));
alter table entries add column approval_over bigint;
alter table entries add column approval_until_ms bigint;
alter table entries add column decided_by bigint;
alter table entries add column decided_ms bigint;
alter table entries add column decision text;

create index entries_waiting on entries (approval_until_ms) where approval = 'asked';

-- One row for each guild in which giving was ever stopped. `message` is the newest command that
-- decided, so that an older one that arrives again decides nothing.
create table freezes (
    guild     bigint not null primary key,
    message   bigint not null,
    frozen_by bigint not null,
    reason    text,
    since_ms  bigint not null,
    lifted_by bigint,
    lifted_ms bigint
);
