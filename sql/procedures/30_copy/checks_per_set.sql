create or replace function duplication.checks_per_set(p_relation regclass, p_rows bigint) returns boolean
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: whether the foreign keys of a batch are checked all at once after it, instead of by a trigger for each row.
-- Parameters: p_relation, as per_row_reason takes it; p_rows of the batch.
begin
    if (select s.foreign_keys_per_set from duplication.settings as s) <= p_rows then
        return exists (select from pg_constraint as c where c.conrelid = p_relation and c.contype = 'f')
            and duplication.per_row_reason(p_relation) is null;
    end if;
    return false;
end;
$$;
