-- How many have exactly so many points: buckets of level 0. A place is found without counting members one
-- by one, however many of them have the same. Done twice, this is as done once.
insert into earned_levels (guild, whole, piece, level, bucket, members)
select guild, whole, piece, 0, points, count(*)
from earned where shown = 1 and points > 0
group by guild, whole, piece, points
on conflict (guild, whole, piece, level, bucket) do nothing;

-- Empty buckets are not kept any more.
delete from earned_levels where members = 0;
