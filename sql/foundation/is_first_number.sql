-- Each run has a range of 2^34 numbers of its own. Without a SET clause, so that the planner inlines it.
create or replace function _duplication.is_first_number(p_number bigint) returns boolean
language sql immutable parallel safe
as $$ select p_number operator(pg_catalog.=) _duplication.first_number(_duplication.run_of(p_number)) $$;
comment on function _duplication.is_first_number is
'Whether it is the first of its run; in the root''s level that is the root.';
