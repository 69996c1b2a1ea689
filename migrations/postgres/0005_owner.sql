-- Who owns the bot. In a file that is whoever holds the lock file beside it, so nothing is kept of it;
-- in a database that several machines share it is a row.

-- One row once somebody has owned it. Times are milliseconds since 1970 on this database's
-- clock, which all who want to own it share.
create table owner (
    one      bigint not null primary key check (one = 1),
    -- Goes up with every owner. What an owner writes carries its number.
    fence    bigint not null,
    -- Of which process and which time: two owners have different ones even if a fail-over of the
    -- database loses a row and a number is given twice.
    holder   text   not null,
    -- For people: which machine and which process.
    label    text   not null,
    since_ms bigint not null,
    until_ms bigint not null
);

-- A change of `fence` waits for the writes that carry the old one, and a renewal, which leaves it as
-- it is, waits for nobody: a key column is locked against change only.
create unique index owner_fence on owner (fence);
