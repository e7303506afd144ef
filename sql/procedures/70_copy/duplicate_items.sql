create or replace procedure duplication.duplicate_items(
    p_id bigint,
    p_budget interval default null,
    inout p_done boolean default null,
    inout p_next_level text default null
)
language plpgsql
as $$
-- Purpose: the third job of the episode tree's chain. A name for duplicate_level: see there.
-- COMMITS.
begin
    call duplication.duplicate_level(p_id, 'items', p_budget, p_done, p_next_level);
end;
$$;
comment on procedure duplication.duplicate_items is 'Third job of the chain.';
