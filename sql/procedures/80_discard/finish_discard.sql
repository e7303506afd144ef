create or replace function _duplication.finish_discard(p_id bigint) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: change the status from discarding to discarded.
-- Parameters: p_id.
-- Locks: the duplication's row, until commit. Does not commit.
begin
    delete from _duplication.pieces as p where p.duplication_id = p_id;
    update duplication.duplications as d
    set status = _duplication.status_after(d.status, 'finish_discard'), discarded_at = clock_timestamp()
    where d.id = p_id and _duplication.status_after(d.status, 'finish_discard') is not null;
    if found then
        perform _duplication.emit_event(
            p_id, 'duplication.discarded', jsonb_build_object('id', p_id, 'discardedAt', clock_timestamp())
        );
    end if;
end;
$$;
