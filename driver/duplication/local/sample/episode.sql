-- An episode to try things on: script.parts parts, script.items items in each, script.blocks blocks in each of these.
-- Returns the episode's key.
with episode as (
    insert into public.episodes (title, position) values ('Sample episode', 1) returning id
),

part as (
    insert into public.parts (episode_id, title, position)
    select
        e.id,
        format('Part %s', n) as title,
        n as ordinal
    from episode as e
    cross join generate_series(1, current_setting('script.parts')::integer) as n
    returning id, position
),

item as (
    insert into public.items (part_id, title, position)
    select
        p.id,
        format('Item %s.%s', p.position, n) as title,
        n as ordinal
    from part as p
    cross join generate_series(1, current_setting('script.items')::integer) as n
    order by p.id, n
    returning id
),

block as (
    insert into public.blocks (item_id, title, position, content)
    select
        i.id,
        format('Block %s', n) as title,
        n as ordinal,
        jsonb_build_object('kind', 'text', 'text', repeat('word ', 20)) as body
    from item as i
    cross join generate_series(1, current_setting('script.blocks')::integer) as n
    order by i.id, n
)

select e.id from episode as e
