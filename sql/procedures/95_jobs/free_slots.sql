create or replace function _duplication.free_slots() returns integer
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: how many more jobs may be sent. Duplications in the queue take slots, as those at work do.
begin
    return (
        select greatest(0, s.max_active - (
            select count(*)
            from duplication.duplications as d
            where d.driven_by = 'queue' and d.traits ? 'active'
                and d.dispatched_at is not null and d.not_before is null
        ))::integer
        from duplication.settings as s
    );
end;
$$;
