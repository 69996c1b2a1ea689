-- Who decided an entry that looking things up did not settle, and what from.
alter table entries add column settled_by text;
alter table entries add column settled_why text;
