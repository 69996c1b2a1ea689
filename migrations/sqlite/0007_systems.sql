-- What further points systems need: accounts tied to members, the bot's own books, balances last seen,
-- events reported. Columns are text and bigint only, times are milliseconds since 1970.

-- The account a change was written for, where that is not the member itself: kind, a blank, the id.
alter table entries add column account text;

-- What the bot changed for a member, in pages. Settled entries only: so it costs nothing when an intent
-- is written, which is what is waited for, and the few that are open are found by `entries_unsettled`.
create index entries_of_member on entries (guild, member, written_ms) where settled_ms is not null;

-- Whose account an account of another system is: one of each member in a system, one person for each.
create table links (
    system       text   not null,
    member       bigint not null,
    kind         text   not null,
    external_id  text   not null,
    -- How it was proved, and by whom; nobody where the operator did it.
    proof        text   not null check (proof in ('import', 'code', 'approval')),
    verified_by  bigint,
    verified_ms  bigint not null,
    primary key (system, member)
);
create unique index links_account on links (system, kind, external_id);

-- What members say of themselves, until somebody else confirms it.
create table link_claims (
    message      bigint not null primary key,
    system       text   not null,
    member       bigint not null,
    member_name  text   not null,
    kind         text   not null,
    external_id  text   not null,
    guild        bigint not null,
    channel      bigint not null,
    asked_ms     bigint not null,
    until_ms     bigint not null,
    state        text   not null check (state in ('asked', 'approved', 'refused')),
    decided_by   bigint,
    decided_ms   bigint
);
create index link_claims_asked on link_claims (guild, asked_ms) where state = 'asked';
create index link_claims_member on link_claims (member, system) where state = 'asked';

-- Codes that tie an account to whoever sends them, once. Of the code itself only a digest is kept.
create table link_codes (
    digest       text   not null primary key,
    system       text   not null,
    kind         text   not null,
    external_id  text   not null,
    made_ms      bigint not null,
    until_ms     bigint not null,
    used_by      bigint,
    used_ms      bigint
);
create index link_codes_account on link_codes (system, kind, external_id) where used_by is null;

-- Codes a member typed that were none, in the hour that began with the first of them: guessing is bounded.
create table link_tries (
    member       bigint not null primary key,
    since_ms     bigint not null,
    wrong        bigint not null
);

-- Who tied what to whom, and who untied it. Rows are only ever added.
create table link_audit (
    at_ms        bigint not null,
    number       bigint not null,
    deed         text   not null check (deed in ('tied', 'untied', 'refused')),
    system       text   not null,
    member       bigint not null,
    kind         text   not null,
    external_id  text   not null,
    proof        text   not null,
    by_member    bigint,
    primary key (at_ms, number)
);
create index link_audit_member on link_audit (member, at_ms);

-- The built-in ledger: what everybody has. Account 0 of a guild is where points come from and go to, so
-- that all accounts of a guild add up to nothing.
create table book_accounts (
    guild        bigint not null,
    account      bigint not null,
    points       bigint not null,
    primary key (guild, account),
    check (account = 0 or points >= 0)
);

-- Every change of it, twice: once for each of its two accounts. Numbers grow in the order in which
-- changes took effect, which no clock can turn round; of the two only the member's has the remark.
create table book_postings (
    op           text   not null,
    account      bigint not null,
    number       bigint not null,
    guild        bigint not null,
    points       bigint not null check (points <> 0),
    remark       text   not null,
    posted_ms    bigint not null,
    primary key (op, account)
);
create unique index book_postings_number on book_postings (number, account);
create index book_postings_account on book_postings (guild, account, number);

-- The balance last read of a system, for when it does not answer.
create table known_balances (
    guild        bigint not null,
    member       bigint not null,
    system       text   not null,
    points       bigint not null,
    read_ms      bigint not null,
    primary key (guild, member, system)
);

-- Events reported to a system, each before its first byte leaves.
create table reports (
    op           text   not null primary key,
    message      bigint not null,
    guild        bigint not null,
    system       text   not null,
    event        text   not null,
    member       bigint not null,
    kind         text   not null,
    external_id  text   not null,
    staff_kind   text   not null,
    staff_id     text   not null,
    reporter     bigint not null,
    written_ms   bigint not null,
    tries        bigint not null,
    -- 1 once a sending may have arrived although nobody heard of it
    in_doubt     bigint not null check (in_doubt in (0, 1)),
    -- when to send it again, or to tell how it ended
    next_ms      bigint not null,
    state        text   not null check (state in ('sent', 'accepted', 'refused', 'unknown')),
    refusal      text,
    refusal_code bigint,
    refusal_text text,
    channel      bigint not null,
    quoting      bigint,
    said         bigint,
    told         text   not null check (told in ('nothing', 'interim', 'final', 'undeliverable'))
);
create index reports_of_message on reports (message);
create index reports_open on reports (next_ms) where state = 'sent';
create index reports_untold on reports (next_ms) where told in ('nothing', 'interim');
