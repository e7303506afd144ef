create or replace function _duplication.uses_set_checks(p_run _duplication.level_runs, p_rows bigint) returns boolean
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: whether the foreign keys of a batch are checked all at once after it, instead of by a trigger for each row.
-- Parameters: p_run of its level, whose table is locked; p_rows of the batch.
begin
    if p_run.per_row_reason is null and (select s.foreign_keys_per_set from duplication.settings as s) <= p_rows then
        return exists (select from _duplication.enforced_keys(p_run.relation::regclass))
            and _duplication.per_row_reason(p_run.relation::regclass) is null;
    end if;
    return false;
end;
$$;
