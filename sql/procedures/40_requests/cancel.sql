create or replace function duplication.cancel(p_id bigint) returns text
language plpgsql
security definer
set search_path to pg_catalog, pg_temp
as $$
-- Locks: the duplication's row, until commit.
declare
    v_duplication duplication.duplications;
begin
    update duplication.duplications as d
    set
        status = _duplication.status_after(d.status, 'cancel'), cancelled_at = clock_timestamp(),
        not_before = null, waiting_reason = null
    where d.id = p_id and _duplication.status_after(d.status, 'cancel') is not null;
    if found then
        perform _duplication.emit_event(
            p_id, 'duplication.cancelled', jsonb_build_object('id', p_id, 'cancelledAt', clock_timestamp())
        );
    end if;
    v_duplication := _duplication.find_duplication(p_id);
    if not v_duplication.traits ? 'given_up' then
        perform _duplication.raise_wrong_status(v_duplication, 'cancelled');
    end if;
    return v_duplication.status;
end;
$$;
comment on function duplication.cancel(bigint) is
'Stop a duplication that is pending or in progress. The batch that is running ends, and no other begins.

Parameters
  p_id: bigint, the duplication.
Returns: text, ''cancelled'', also if it was cancelled already.
Errors: UD003 (unknown duplication), UD007 (it is over).
Commits: no.
Rights: EXECUTE; it runs with its owner''s rights.
Example: select duplication.cancel(1);';
