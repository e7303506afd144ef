create or replace function duplication.verify(p_id bigint)
returns table (level text, orig_key text, new_key text, difference text, column_name text, detail text)
language plpgsql stable
set search_path to pg_catalog, pg_temp
-- as in advance_level
set jit to off
set enable_seqscan to off
as $$
-- Locks: none. Each query reads one range of the plan.
declare
    v_duplication duplication.duplications := _duplication.find_duplication(p_id);
    -- by level, the keys of planned rows that are not in the source any more, and of source rows that were not planned
    v_lost jsonb := '{}'::jsonb;
    v_added jsonb := '{}'::jsonb;
    v_lost_here text[];
    v_added_here text[];
    v_mapped boolean;
    v_found record;
begin
    if not v_duplication.traits ? 'has_copy' or _duplication.is_purged(p_id) then
        perform _duplication.raise_wrong_status(v_duplication, 'verified');
    end if;
    level := _duplication.root_level(v_duplication.tree);
    if not exists (
        select from _duplication.id_map as m where m.run = (select _duplication.find_run_id(p_id, verify.level))
    ) then
        orig_key := v_duplication.root_key;
        difference := 'missing';
        detail := 'nothing was copied';
        return next;
        return;
    end if;
    for level, v_mapped in
        select r.level, r.mapped
        from _duplication.level_runs as r
        where r.duplication_id = p_id and r.backfills is null
        order by r.ordinal
    loop
        v_lost_here := '{}';
        v_added_here := '{}';
        for v_found in select distinct d.* from _duplication.verify_level(p_id, level, v_mapped, v_lost, v_added) as d loop
            if v_found.difference in ('neither', 'extra') and v_found.orig_key is not null then
                v_lost_here := v_lost_here || v_found.orig_key;
            elsif v_found.difference = 'missing' and v_found.new_key is null then
                v_added_here := v_added_here || v_found.orig_key;
            end if;
            if v_found.difference <> 'neither' then
                orig_key := v_found.orig_key;
                new_key := v_found.new_key;
                difference := v_found.difference;
                column_name := v_found.column_name;
                detail := v_found.detail;
                return next;
            end if;
        end loop;
        v_lost := v_lost || jsonb_build_object(level, v_lost_here);
        v_added := v_added || jsonb_build_object(level, v_added_here);
    end loop;
end;
$$;
comment on function duplication.verify(bigint) is
'Compare a copy with its source, both as they are now. It finds rows that are missing, extra, doubled, moved or
different, and references from the copy to the source''s tree, also to rows that a filter keeps out of the copy. Columns
that a rule or an override changes are not compared.

Parameters
  p_id: bigint, a duplication that was copied, whole or in part.
Returns: a row per difference, none if the copy equals its source: level, orig_key and new_key of the row, difference,
  column_name, detail. Of a row that was added to the copy and the rows below it, only the topmost is named.
Errors: UD003 (unknown duplication), UD007 (the status does not allow it, or it is purged).
Commits: no.
Rights: EXECUTE, those of a worker in _duplication, and SELECT on the tree''s tables.
Example: select * from duplication.verify(1);';
