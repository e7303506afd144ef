-- The numbers of planned rows: each level of each run has a range of its own, 2^34 numbers from first_number(run) on.
-- No SET clause: the planner inlines them. Generated columns are made of them, so a change is a change of the tables.

create or replace function _duplication.first_number(p_run bigint) returns bigint
language sql immutable parallel safe
as $$ select p_run operator(pg_catalog.<<) 34 $$;
comment on function _duplication.first_number is
'The first number of a run''s range, level_runs.id; the range ends before first_number(p_run + 1).';

create or replace function _duplication.run_of(p_number bigint) returns bigint
language sql immutable parallel safe
as $$ select p_number operator(pg_catalog.>>) 34 $$;
comment on function _duplication.run_of is 'Whose number it is: level_runs.id.';

create or replace function _duplication.is_first_number(p_number bigint) returns boolean
language sql immutable parallel safe
as $$ select p_number operator(pg_catalog.=) _duplication.first_number(_duplication.run_of(p_number)) $$;
comment on function _duplication.is_first_number is
'Whether it is the first of its run; in the root''s level that is the root.';
