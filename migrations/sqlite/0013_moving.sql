-- A post that cannot be edited is posted once more: what was about to be sent, when, and the newest message
-- of the channel before that, 0 where there was none. So it is found again if nobody hears of it. Columns
-- are text and bigint only.
alter table shown_boards add column moving text;
alter table shown_boards add column moving_ms bigint;
alter table shown_boards add column moving_after bigint;
