-- Pictures of boards, fetched under a name that nobody can guess. Columns are text and bigint only.
create table pictures (
    -- 64 hexadecimal figures, 244 random bits
    token   text   not null primary key,
    -- the picture as PNG, in base64
    png     text   not null,
    -- the drawing it was made of
    svg     text   not null,
    made_ms bigint not null
);
create index pictures_made on pictures (made_ms);
