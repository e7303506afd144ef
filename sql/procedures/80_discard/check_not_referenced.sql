create or replace function _duplication.check_not_referenced(
    p_id bigint, p_level text, p_range_of text, p_first_number bigint, p_last_number bigint
) returns void
language plpgsql stable
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: refuse a discard where rows outside the copy refer to it: a foreign key could delete them by its cascade.
-- Parameters: as in outside_references.
-- Errors: UD013, which names up to ten of these rows.
declare
    v_rows text;
begin
    select string_agg(o.line, E'\n' order by o.line) into v_rows
    from (
        select format('%s %s refers to %s %s (%s)', r.relation, r.row_key, p_level, r.new_key, r.constraint_name) as line
        from _duplication.outside_references(p_id, p_level, p_range_of, p_first_number, p_last_number) as r
        limit 10
    ) as o;
    if v_rows is not null then
        raise exception using
            errcode = 'UD013',
            message = format('rows that duplication %s did not copy refer to its copy', p_id),
            detail = v_rows,
            hint = 'Delete these rows, or point them elsewhere, and discard again.';
    end if;
end;
$$;
