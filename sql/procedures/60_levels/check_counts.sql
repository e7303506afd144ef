create or replace function _duplication.check_counts(p_id bigint) returns void
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the cheap check before a duplication is called completed: the batches of each level add up to its plan, and of
--   a level planned row by row as many rows were copied as the source has not lost. verify() is the thorough one.
-- Parameters: p_id.
-- Errors: UD014.
declare
    v_wrong record;
begin
    select r.level, r.rows_planned, b.done, b.copied into v_wrong
    from _duplication.level_runs as r
    cross join lateral (
        select coalesce(sum(b.rows_planned), 0) as done, coalesce(sum(b.rows), 0) as copied
        from _duplication.batches as b
        where b.duplication_id = p_id and b.level = r.level
    ) as b
    cross join lateral (
        select count(*) filter (where not m.missing) as there, count(*) as mapped
        from _duplication.id_map as m
        -- where as many rows were copied as were planned, none is missing, and none need be counted
        where b.copied <> r.rows_planned
            and m.number >= r.first_number and m.number < _duplication.first_number(r.id + 1)
    ) as m
    where r.duplication_id = p_id and (
        b.done <> r.rows_planned or (r.backfills is null and m.mapped = r.rows_planned and m.there <> b.copied)
    )
    limit 1;
    if found then
        raise exception using
            errcode = 'UD014',
            message = format('level %s of duplication %s does not add up', v_wrong.level, p_id),
            detail = format(
                '%s rows were planned, the batches took %s of them and inserted %s.',
                v_wrong.rows_planned, v_wrong.done, v_wrong.copied
            ),
            hint = format('See the differences with: select * from duplication.verify(%s).', p_id);
    end if;
end;
$$;
