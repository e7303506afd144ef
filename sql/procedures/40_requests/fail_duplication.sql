create or replace function _duplication.fail_duplication(p_id bigint, p_error jsonb) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: pending or in_progress → failed, with the whole error. What was copied stays, for a retry or a discard.
-- Parameters: p_id; p_error, as describe_error makes it.
-- Locks: the duplication's row, until commit. Does not commit.
begin
    update duplication.duplications as d
    set
        status = _duplication.status_after(d.status, 'fail'), failed_at = clock_timestamp(), error = p_error,
        not_before = null, waiting_reason = null
    where d.id = p_id and _duplication.status_after(d.status, 'fail') is not null;
    if found then
        perform _duplication.emit_event(p_id, 'duplication.failed', jsonb_build_object(
            'id', p_id, 'errorCode', p_error ->> 'sqlstate', 'message', p_error ->> 'message'
        ));
    end if;
end;
$$;
