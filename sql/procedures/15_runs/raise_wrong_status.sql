create or replace function _duplication.raise_wrong_status(
    p_duplication duplication.duplications, p_action text
) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: say that a duplication's status, or that it was purged, does not allow something, and what it does allow.
-- Parameters: p_duplication; p_action, as in 'cannot be …'.
-- Errors: UD007, always.
declare
    v_is_purged boolean := _duplication.is_purged(p_duplication.id);
begin
    raise exception using
        errcode = 'UD007',
        message = format(
            'duplication %s is %s%s and cannot be %s', p_duplication.id, p_duplication.status,
            case when v_is_purged then ', was purged' end, p_action
        ),
        hint = case p_duplication.status
            when 'pending' then format('It has not started. Cancel it with: select duplication.cancel(%s).', p_duplication.id)
            when 'in_progress' then format('It is being copied. Cancel it with: select duplication.cancel(%s).', p_duplication.id)
            when 'failed' then format(
                'Retry it with: select duplication.retry(%1$s), or remove it with: call duplication.discard(%1$s).',
                p_duplication.id
            )
            when 'discarded' then 'Request a new one.'
            when 'discarding' then format('Finish that with: call duplication.discard(%s).', p_duplication.id)
            else case
                when v_is_purged then
                    'What it copied is not known any more, see settings.purge_after. The copy stays: its rows are like any others.'
                else format('Remove what was copied with: call duplication.discard(%s).', p_duplication.id)
            end
        end;
end;
$$;
