create or replace procedure duplication.duplicate_parts(
    p_id bigint,
    p_budget interval default null,
    inout p_done boolean default null,
    inout p_next_level text default null
)
language plpgsql
as $$
-- A name for duplicate_level: see there.
begin
    call duplication.duplicate_level(p_id, 'parts', p_budget, p_done, p_next_level);
end;
$$;
comment on procedure duplication.duplicate_parts (bigint, interval, boolean, text) is
'The second job of the chain of an episode: copy its parts.
The same as duplicate_level(p_id, ''parts'', …).

Parameters
  p_id: bigint, the duplication.
  p_budget: interval, after which the call returns at the next step; null, the default: when the level is done.
  p_done: boolean, out: whether the level is done.
  p_next_level: text, out: the level to be called next; null when the duplication is completed.
Returns: p_done, p_next_level.
Errors: those of duplicate_level.
Commits: each step, so it has to be called outside of a transaction (else UD015).
Rights: those of duplicate_level.
Example: call duplication.duplicate_parts(1, ''5 s'');';
