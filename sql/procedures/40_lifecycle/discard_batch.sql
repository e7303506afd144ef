create or replace function duplication.discard_batch(p_id bigint) returns boolean
language plpgsql
set search_path to pg_catalog, pg_temp
-- a batch is over before a compiled plan would pay
set jit to off
set row_security to off
-- with indexes alone a batch touches its own rows only, whatever the statistics say
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
as $$
-- Purpose: delete some of what was copied, the last level first, and with it the pieces that say so.
-- Parameters: p_id, a duplication being discarded.
-- Returns: whether there may be more.
-- Errors: UD007, UD013; whatever the content's constraints and triggers raise.
-- Locks: the duplication's advisory lock, exclusively: batches in flight end first, others that discard wait. Does not
--   commit.
declare
    v_duplication duplication.duplications;
    v_level record;
    v_piece duplication.pieces;
begin
    perform pg_advisory_xact_lock(duplication.lock_key(p_id));
    v_duplication := duplication.find_duplication(p_id);
    if v_duplication.status <> 'discarding' then
        return false;
    end if;
    for v_piece in
        select p.*
        from duplication.pieces as p
        where p.duplication_id = p_id and p.level = (
            select r.level
            from duplication.level_runs as r
            where r.duplication_id = p_id
                and exists (select from duplication.pieces as q where q.duplication_id = p_id and q.level = r.level)
            order by r.ordinal desc
            limit 1
        )
        order by p.piece_no
        limit 10
    loop
        if v_piece.batch_no is not null then
            perform duplication.check_not_referenced(
                p_id, v_piece.level, v_piece.kind, v_piece.first_number, v_piece.last_number
            );
            select r.* into v_level from duplication.resolve_level(v_duplication.tree, v_piece.level) as r;
            perform duplication.run_statement(
                format(
                    'delete from %s as d using (select c.%I as key %s) as c where d.%2$I = c.key',
                    v_level.relation, v_level.key_column,
                    duplication.copied_clause(v_duplication.tree, v_piece.level, v_piece.kind)
                ),
                (select t.search_path from duplication.trees as t where t.name = v_duplication.tree),
                p_id, v_piece.first_number, v_piece.last_number
            );
        end if;
        delete from duplication.pieces as p
        where p.duplication_id = p_id and p.level = v_piece.level and p.piece_no = v_piece.piece_no;
    end loop;
    if found then
        return true;
    end if;
    perform duplication.finish_discard(p_id);
    return false;
end;
$$;
