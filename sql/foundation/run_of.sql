-- Each run has a range of 2^34 numbers of its own. Without a SET clause, so that the planner inlines it.
create or replace function _duplication.run_of(p_number bigint) returns bigint
language sql immutable parallel safe
as $$ select p_number operator(pg_catalog.>>) 34 $$;
comment on function _duplication.run_of is 'Whose number it is: level_runs.id.';
