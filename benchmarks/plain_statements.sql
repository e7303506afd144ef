-- What a DBA would write by hand: the four statements of a copy, in one transaction. The new ids are found by orig_id
-- below the new episode, so copies made earlier do not get in the way.
begin;
insert into public.episodes (title, position, content, orig_id)
select e.title, e.position, e.content, e.id
from public.episodes as e
where e.id = :key;

insert into public.parts (episode_id, title, position, content, orig_id)
select currval('public.episodes_id_seq'), p.title, p.position, p.content, p.id
from public.parts as p
where p.episode_id = :key;

insert into public.items (part_id, title, position, content, orig_id)
select np.id, i.title, i.position, i.content, i.id
from public.parts as np
inner join public.items as i on i.part_id = np.orig_id
where np.episode_id = currval('public.episodes_id_seq');

insert into public.blocks (item_id, title, position, content, orig_id)
select ni.id, b.title, b.position, b.content, b.id
from public.parts as np
inner join public.items as ni on ni.part_id = np.id
inner join public.blocks as b on b.item_id = ni.orig_id
where np.episode_id = currval('public.episodes_id_seq');
commit;
