-- An application that gets in the way of copies. Of the episode script.refused a block may not be copied. The episode
-- script.held belongs to a series, which lock_series.sql locks. Who waits for that lock tries again and again.
create table public.series (id bigint primary key, title text not null);
insert into public.series values (1, 'Sample series');
alter table public.episodes add series_id bigint references public.series;
update public.episodes set series_id = 1
where id = current_setting('script.held')::bigint;
update duplication.settings set lock_timeout = '0.2 s', max_attempts = 100, throttle_failures = 100;
do $$ begin execute format(
    'alter table public.blocks add constraint block_is_protected check (orig_id is distinct from %s)',
    (
        select percentile_disc(0.6) within group (order by b.id)
        from public.parts as p
        inner join public.items as i on i.part_id = p.id
        inner join public.blocks as b on b.item_id = i.id
        where p.episode_id = current_setting('script.refused')::bigint
    )
); end $$;
