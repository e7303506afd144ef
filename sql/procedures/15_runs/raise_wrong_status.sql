create or replace function _duplication.raise_wrong_status(
    p_duplication duplication.duplications, p_action text
) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: say that an action is not allowed, because of the duplication's status or its purge, and which action is.
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
        hint = case
            when v_is_purged then
                'What it copied is not known any more, see settings.purge_after. The copy stays: its rows are like any others.'
            else coalesce(
                (
                    select string_agg(format(a.hint, p_duplication.id), ' ' order by a.nr)
                    from (
                        values
                        (1, 'cancel', 'Cancel it with: select duplication.cancel(%s).'),
                        (2, 'retry', 'Retry it with: select duplication.retry(%s).'),
                        (3, 'discard', 'Remove what it copied with: call duplication.discard(%s).')
                    ) as a (nr, action, hint)
                    where _duplication.status_after(p_duplication.status, a.action) is not null
                ),
                'Request a new one.'
            )
        end;
end;
$$;
