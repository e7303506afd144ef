-- Each run has its own range of 2^34 numbers. There is no SET clause, so that the planner inlines the function.
create or replace function _duplication.is_first_number(p_number bigint) returns boolean
language sql immutable parallel safe
as $$ select p_number operator(pg_catalog.=) _duplication.first_number(_duplication.run_of(p_number)) $$;
comment on function _duplication.is_first_number(bigint) is
'Whether a number is the first of its run. In the run of the root level, this is the root''s number.';
