-- Each run has its own range of 2^34 numbers. There is no SET clause, so that the planner inlines the function.
create or replace function _duplication.run_of(p_number bigint) returns bigint
language sql immutable parallel safe
as $$ select p_number operator(pg_catalog.>>) 34 $$;
comment on function _duplication.run_of(bigint) is 'The run that a number belongs to: level_runs.id.';
