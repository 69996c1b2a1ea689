-- Outcomes nobody could be told: few, and counted whenever somebody looks at the state of the house.
create index entries_undeliverable on entries (settled_ms) where told = 'undeliverable';
