-- A store as the first landed version left it, with sqlx's migrator: an entry in each state, two confirmations.
-- Never edited: stores like it are out there.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations VALUES(1,'journal','2026-11-22 21:48:05',1,X'53f2130e4de9d3fc3aae608e835265929d9e67ff876f71b59cbca657257230c38bc401ee5f3514e99a4fa53f18ef1bea',3643626);
INSERT INTO _sqlx_migrations VALUES(2,'undeliverable','2026-11-22 21:48:05',1,X'6c074919fa1e9221793b188097e0caa8f780b34ed919222cdfe50581c9041b98457abe4457bf4359b07867319ff278bb',3980769);
CREATE TABLE house (
    one       bigint not null primary key check (one = 1),
    bot       bigint not null,
    probed_ms bigint not null
);
INSERT INTO house VALUES(1,523456789012345679,0);
CREATE TABLE entries (
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
INSERT INTO entries VALUES(0,9007199254740995,0,223456789012345677,'gp-0egxh5me5hwtf-0080000000003-0-066f0rg1vnwtd','ZLTFVR',412345678901234563,'mall',223456789012345679,'小明 ''; drop table entries',666,666,'天梯第一名','天梯第一名 · 666',612345678901234561,9007199254740995,9007199254741195,1795384085425,'done',1,1795384085425,0,1795384115425,NULL,'',1795384085426,NULL,NULL,NULL,1166,1795384085428,'final',0,1795384085426);
INSERT INTO entries VALUES(0,9007199254740997,0,223456789012345677,'gp-0egxh5me5hwtf-0080000000005-0-066f0rg1vnwtd','D4992R',412345678901234563,'mall',223456789012345679,'小明 ''; drop table entries',-5,0,'天梯第一名','天梯第一名 · 666',612345678901234561,9007199254740997,NULL,1795384085429,'refused',1,1795384085429,0,1795384115429,NULL,'',1795384085433,'insufficient',60003,'积分不足',NULL,NULL,'nothing',0,1795384085433);
INSERT INTO entries VALUES(0,9007199254740999,0,223456789012345677,'gp-0egxh5me5hwtf-0080000000007-0-066f0rg1vnwtd','K6SY9L',412345678901234563,'mall',223456789012345679,'小明 ''; drop table entries',7,7,'天梯第一名','天梯第一名 · 666',612345678901234561,9007199254740999,NULL,1795384085434,'held',1,1795384085434,2,1795384115434,1795384085434,'{"last":"lost"}',NULL,NULL,NULL,NULL,NULL,NULL,'nothing',0,1795384085434);
INSERT INTO entries VALUES(0,9007199254741001,0,223456789012345677,'gp-0egxh5me5hwtf-0080000000009-0-066f0rg1vnwtd','FR7DN2',412345678901234563,'mall',223456789012345679,'小明 ''; drop table entries',8,8,'天梯第一名','天梯第一名 · 666',612345678901234561,9007199254741001,NULL,1795384085436,'unconfirmed',1,1795384085436,0,1795384115436,NULL,'',NULL,NULL,NULL,NULL,NULL,NULL,'nothing',0,1795384085436);
INSERT INTO entries VALUES(0,9007199254741003,0,223456789012345677,'gp-0egxh5me5hwtf-008000000000b-0-066f0rg1vnwtd','7RZG9J',412345678901234563,'mall',223456789012345679,'小明 ''; drop table entries',9,9,'天梯第一名','天梯第一名 · 666',612345678901234561,9007199254741003,NULL,1795384085437,'queued',0,1795384085437,0,1795384115437,NULL,'',NULL,NULL,NULL,NULL,NULL,NULL,'nothing',0,1795384085437);
CREATE TABLE confirmations (
    message    bigint not null primary key,
    guild      bigint not null,
    channel    bigint not null,
    caller     bigint not null,
    proposal   text   not null,
    expires_ms bigint not null,
    said       bigint,
    state      text   not null check (state in ('asked', 'used', 'cancelled'))
);
INSERT INTO confirmations VALUES(9007199254741005,412345678901234563,612345678901234561,223456789012345679,'{"reward":1}',1795384685437,9007199254741205,'asked');
INSERT INTO confirmations VALUES(9007199254741007,412345678901234563,612345678901234561,223456789012345679,'{"reward":1}',1795384685439,NULL,'cancelled');
CREATE UNIQUE INDEX entries_code on entries (code);
CREATE INDEX entries_given on entries (guild, giver, written_ms, counts);
CREATE INDEX entries_unsettled on entries (next_look_ms) where settled_ms is null;
CREATE INDEX entries_untold on entries (next_tell_ms)
    where settled_ms is not null and told in ('nothing', 'interim');
CREATE INDEX entries_undeliverable on entries (settled_ms) where told = 'undeliverable';
COMMIT;
