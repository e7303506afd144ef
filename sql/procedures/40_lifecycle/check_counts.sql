create or replace function duplication.check_counts(p_id bigint) returns void
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the cheap check before a duplication is called completed: of a level planned row by row, as many rows were
--   copied as the plan has and did not lose. verify() is the thorough one.
-- Parameters: p_id.
-- Errors: UD014.
declare
    v_wrong record;
begin
    select r.level, b.copied, m.planned into v_wrong
    from duplication.level_runs as r
    cross join lateral (
        select coalesce(sum(b.rows), 0) as copied
        from duplication.batches as b
        where b.duplication_id = p_id and b.level = r.level
    ) as b
    cross join lateral (
        select count(*) filter (where not m.gone) as planned, count(*) as mapped
        from duplication.id_map as m
        where m.number between r.first_number and duplication.last_number(p_id, r.level)
    ) as m
    where r.duplication_id = p_id and m.mapped = r.rows_planned and m.planned <> b.copied
    limit 1;
    if found then
        raise exception using
            errcode = 'UD014',
            message = format(
                'level %s of duplication %s has %s rows, not the %s planned', v_wrong.level, p_id, v_wrong.copied, v_wrong.planned
            ),
            hint = format('See the differences with: select * from duplication.verify(%s).', p_id);
    end if;
end;
$$;
