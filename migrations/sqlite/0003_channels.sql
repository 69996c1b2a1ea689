-- How far the commands of each channel are handled, so that after an absence what was missed can be
-- told from what was not. Plain SQL that every engine understands.

-- Channels in which commands were seen. Every command up to `since` is handled, or was left alone for
-- good; of those above it, the ones in `handled` are.
create table channels (
    channel   bigint not null primary key,
    -- None for a private chat.
    guild     bigint,
    since     bigint not null,
    -- When reading the channel's history was first refused, if it still is.
    closed_ms bigint
);

-- Commands that are handled, though something older in their channel may not be. Few: those of the
-- last minute in which a channel was used.
create table handled (
    channel bigint not null,
    message bigint not null,
    primary key (channel, message)
);
