-- Each run has its own range of 2^34 numbers. There is no SET clause, so that the planner inlines the function.
create or replace function _duplication.first_number(p_run bigint) returns bigint
language sql immutable parallel safe
as $$ select p_run operator(pg_catalog.<<) 34 $$;
comment on function _duplication.first_number(bigint) is
'The first number of a run. p_run is level_runs.id. The run''s range ends before first_number(p_run + 1).';
