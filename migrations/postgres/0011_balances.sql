-- Boards of balances, and the sweeps that read them. Columns are text and bigint only.

-- The balances last read in the order of a board, by their age, and by whose they are: what was read of an
-- account is forgotten with the link to it.
create index known_board on known_balances (guild, system, points desc, member);
create index known_age on known_balances (guild, system, read_ms);
create index known_of_member on known_balances (member, system);

-- The accounts of the built-in ledger in that order.
create index book_board on book_accounts (guild, points desc, account) where account <> 0;

-- The members whose balances are swept, and when each was last asked for, whatever came of it; 0 for never.
create table swept (
    guild    bigint not null,
    system   text   not null,
    member   bigint not null,
    tried_ms bigint not null,
    primary key (guild, system, member)
);
create index swept_next on swept (guild, system, tried_ms, member);

-- When the present pass over them began: due is who was not asked since.
create table sweeps (
    guild    bigint not null,
    system   text   not null,
    begun_ms bigint not null,
    primary key (guild, system)
);
