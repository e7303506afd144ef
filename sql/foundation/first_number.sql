-- Each run has a range of 2^34 numbers of its own. Without a SET clause, so that the planner inlines it.
create or replace function _duplication.first_number(p_run bigint) returns bigint
language sql immutable parallel safe
as $$ select p_run operator(pg_catalog.<<) 34 $$;
comment on function _duplication.first_number is
'The first number of a run''s range, level_runs.id; the range ends before first_number(p_run + 1).';
