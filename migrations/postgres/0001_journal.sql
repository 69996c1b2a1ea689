-- The journal's first shape. Columns are text and bigint only, times are milliseconds since 1970,
-- ids are the platform's own 64 bits. A landed migration is never edited.

-- Whose store this is: one row.
create table house (
    one       bigint not null primary key check (one = 1),
    bot       bigint not null,
    probed_ms bigint not null
);

-- One row for each change of points, for ever. The key is the cause: message ids grow with time,
-- so new rows go to the end of the index.
create table entries (
    kind              bigint not null,
    message           bigint not null,
    line              bigint not null,
    member            bigint not null,
    op                text   not null,
    code              text   not null,
    guild             bigint not null,
    system            text   not null,
    giver             bigint not null,
    member_name       text   not null,
    amount            bigint not null check (amount <> 0),
    -- What it takes of the giver's daily quota: its size, or 0 once it was refused.
    counts            bigint not null check (counts >= 0),
    reason            text,
    remark            text   not null,
    channel           bigint not null,
    quoting           bigint,
    said              bigint,
    written_ms        bigint not null,
    state             text   not null
        check (state in ('queued', 'unconfirmed', 'held', 'unresolved', 'done', 'refused')),
    sends             bigint not null,
    last_sent_ms      bigint not null,
    looks             bigint not null default 0,
    next_look_ms      bigint not null,
    in_doubt_since_ms bigint,
    heard             text   not null default '',
    settled_ms        bigint,
    refusal           text,
    refusal_code      bigint,
    refusal_text      text,
    balance           bigint,
    balance_read_ms   bigint,
    told              text   not null default 'nothing'
        check (told in ('nothing', 'interim', 'final', 'undeliverable')),
    tell_tries        bigint not null default 0,
    next_tell_ms      bigint not null,
    primary key (kind, message, line, member),
    check ((settled_ms is not null) = (state in ('done', 'refused'))),
    check ((refusal is not null) = (state = 'refused'))
);

create unique index entries_code on entries (code);

-- The day's sum of a giver is answered from the index alone.
create index entries_given on entries (guild, giver, written_ms, counts);

create index entries_unsettled on entries (next_look_ms) where settled_ms is null;

create index entries_untold on entries (next_tell_ms)
    where settled_ms is not null and told in ('nothing', 'interim');

-- One row for each command that asked for a button first.
create table confirmations (
    message    bigint not null primary key,
    guild      bigint not null,
    channel    bigint not null,
    caller     bigint not null,
    proposal   text   not null,
    expires_ms bigint not null,
    said       bigint,
    state      text   not null check (state in ('asked', 'used', 'cancelled'))
);

-- From here on PostgreSQL alone. Every writing transaction changes this row first: writers of two
-- processes so come one after another, and a commit whose answer was lost is recognised by its mark.
create table pen (
    one         bigint not null primary key check (one = 1),
    mark        text   not null,
    mark_before text   not null
);
insert into pen (one, mark, mark_before) values (1, '', '');
