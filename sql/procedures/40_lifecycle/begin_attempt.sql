create or replace function duplication.begin_attempt(
    p_id bigint, p_level text, p_message_id text, p_worker text
) returns bigint
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: record that a job was delivered to a worker.
-- Parameters: p_id, p_level, the job; p_message_id, its message in the queue; p_worker, a name for the worker.
-- Returns: the attempt's id, for end_attempt.
-- Errors: UD002, UD003. Does not commit.
declare
    v_attempt bigint;
begin
    if not duplication.has_level(p_id, p_level) then
        perform duplication.resolve_level((duplication.find_duplication(p_id)).tree, p_level);
    end if;
    insert into duplication.attempts (duplication_id, level, message_id, worker)
    values (p_id, p_level, p_message_id, p_worker)
    returning id into v_attempt;
    return v_attempt;
end;
$$;
