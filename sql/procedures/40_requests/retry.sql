create or replace function duplication.retry(p_id bigint) returns text
language plpgsql
security definer
set search_path to pg_catalog, pg_temp
as $$
-- Locks: the duplication's row, until commit.
declare
    v_status text;
begin
    update duplication.duplications as d
    set status = _duplication.status_after(d.status, 'retry'), error = null, dispatched_at = null
    where d.id = p_id and _duplication.status_after(d.status, 'retry') is not null
    returning d.status into v_status;
    if not found then
        perform _duplication.raise_wrong_status(_duplication.find_duplication(p_id), 'retried');
    end if;
    perform _duplication.emit_event(
        p_id, 'duplication.retried', jsonb_build_object('id', p_id, 'retriedAt', clock_timestamp())
    );
    return v_status;
end;
$$;
comment on function duplication.retry(bigint) is
'Let a failed duplication go on. What was copied is kept. A worker continues it, or your next call if you drove it.

Parameters
  p_id: bigint, the duplication.
Returns: text, ''pending''.
Errors: UD003 (unknown duplication), UD007 (it has not failed).
Commits: no.
Rights: EXECUTE; it runs with its owner''s rights.
Example: select duplication.retry(1);';
