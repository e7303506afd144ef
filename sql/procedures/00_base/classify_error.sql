create or replace function _duplication.classify_error(p_sqlstate text) returns text
language sql immutable parallel safe
set search_path to pg_catalog, pg_temp
as $$
    -- Purpose: what an error means for a duplication. Nothing else sorts errors.
    -- Parameters: p_sqlstate, five characters; null when the connection was lost.
    -- Returns: 'transient' (trying again may help), 'stop' (the call was refused and changed nothing), or 'lasting'
    --   (trying again cannot help: the duplication fails).
    select case
        when p_sqlstate is null then 'transient'
        when p_sqlstate in ('UD002', 'UD003', 'UD006', 'UD007', 'UD008', 'UD015', 'UD016') then 'stop'
        -- connection, rollback (serialization, deadlock), resources (disk, memory, connections), shutdown, I/O
        when left(p_sqlstate, 2) in ('08', '40', '53') or p_sqlstate in ('57P01', '57P02', '57P03', '58030') then 'transient'
        -- lock timeout, cancelled statement, the session's time limits, read-only after a failover
        when p_sqlstate in ('55P03', '57014', '57P05', '25P03', '25P04', '25006') then 'transient'
        else 'lasting'
    end;
$$;
