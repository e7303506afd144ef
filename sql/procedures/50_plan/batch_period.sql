create or replace function _duplication.batch_period() returns tstzrange
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: the time in which a transaction may begin more work: the first half of settings.target_batch_ms.
-- Returns: a range from now on. A clock that is moved back leaves the range, too.
begin
    return (
        select tstzrange(n.now, n.now + make_interval(secs => coalesce(s.target_batch_ms, 0) / 2000.0), '[]')
        from duplication.settings as s
        cross join (select clock_timestamp() as now) as n
    );
end;
$$;
