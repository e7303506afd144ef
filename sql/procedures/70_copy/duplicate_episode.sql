create or replace procedure duplication.duplicate_episode(
    p_id bigint,
    p_budget interval default null,
    inout p_done boolean default null,
    inout p_next_level text default null
)
language plpgsql
as $$
-- Purpose: the first, planning and root, job of the episode tree's chain. A name for duplicate_level: see there.
-- COMMITS.
begin
    call duplication.duplicate_level(p_id, 'episodes', p_budget, p_done, p_next_level);
end;
$$;
comment on procedure duplication.duplicate_episode is 'First job of the chain: plan the tree and copy the episode.';
