create or replace function duplication.adopt() returns uuid
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Readers may have been told of events that this database lacks, so they begin anew. Trees are compiled anew.
-- Locks: dispatching and the compiled trees, until commit.
declare
    v_installation uuid;
begin
    perform _duplication.set_lock_timeout();
    -- fingerprints are made of row versions of the catalog; in this database the same versions may mean other rows
    update _duplication.compiled_trees set fingerprint = '';
    update _duplication.level_runs set compiled_from = null where completed_at is null;
    perform pg_advisory_xact_lock(_duplication.lock_key('dispatch'));
    -- otherwise, events of transactions that this server has not reached yet would be told only when it does
    update duplication.events as e
    set xid = pg_current_xact_id()
    where e.xid > pg_current_xact_id();
    update _duplication.installation as i
    set id = gen_random_uuid(), purged_xid = least(i.purged_xid, pg_current_xact_id())
    returning i.id into v_installation;
    update duplication.duplications as d
    set dispatched_at = null
    where d.driven_by = 'queue' and d.traits ? 'active' and d.dispatched_at is not null;
    return v_installation;
end;
$$;
comment on function duplication.adopt() is
'Make a database that was restored, or copied from another, an installation of its own: end the workers, call this, and
point workers at it. Jobs of the other database in a queue are left alone. Its own jobs are sent anew, and copies go
on where the restored records say they are. Readers of its feed are told to begin anew.

Parameters: none.
Returns: uuid, the installation''s new id.
Errors: 55P03 (a worker is sending jobs, or a tree is being compiled: end the workers first).
Commits: no.
Rights: EXECUTE, and those of a worker in _duplication.
Example: select duplication.adopt();';
