"""What a worker that is left running needs: gates, leases, waiting, and deleting by themselves what is old.

Revision ID: engine_0003
Revises: engine_0002
"""

from alembic import op

from duplication.migrations import find_driver

revision = "engine_0003"
down_revision = "engine_0002"
branch_labels = None
depends_on = None

UPGRADE = """
-- Their parameters or results have changed since: what replaces them is applied after the revisions.
drop function if exists
    duplication.begin_attempt(bigint, text, text, text),
    duplication.dispatch_jobs(integer);
drop procedure if exists duplication.discard(bigint);

alter table duplication.settings
    add max_active integer not null default 5
        constraint max_active_is_positive check (max_active > 0),
    add lease interval not null default '15 s'
        constraint lease_is_positive check (lease > '0 s'),
    add resend_after interval not null default '60 s'
        constraint resend_after_is_positive check (resend_after > '0 s'),
    add disabled_wait interval not null default '30 s'
        constraint disabled_wait_is_positive check (disabled_wait > '0 s'),
    add active_wait interval not null default '5 s'
        constraint active_wait_is_positive check (active_wait > '0 s'),
    add load_wait interval not null default '60 s'
        constraint load_wait_is_positive check (load_wait > '0 s'),
    add max_cpu_percent numeric default 80
        constraint max_cpu_percent_is_a_percentage check (max_cpu_percent between 0 and 100),
    add max_replication_lag interval default '30 s'
        constraint max_replication_lag_is_not_negative check (max_replication_lag >= '0 s'),
    add max_active_sessions integer default 50
        constraint max_active_sessions_is_not_negative check (max_active_sessions >= 0),
    add max_waiting_sessions integer default 10
        constraint max_waiting_sessions_is_not_negative check (max_waiting_sessions >= 0),
    add max_archive_backlog integer default 64
        constraint max_archive_backlog_is_not_negative check (max_archive_backlog >= 0),
    add throttle_failures integer not null default 5
        constraint throttle_failures_is_positive check (throttle_failures > 0),
    add throttle_window interval not null default '60 s'
        constraint throttle_window_is_positive check (throttle_window > '0 s'),
    add discard_failed_after interval
        constraint discard_failed_after_is_not_negative check (discard_failed_after >= '0 s'),
    add discard_cancelled_after interval
        constraint discard_cancelled_after_is_not_negative check (discard_cancelled_after >= '0 s'),
    add purge_after interval
        constraint purge_after_is_not_negative check (purge_after >= '0 s'),
    add purge_events_after interval
        constraint purge_events_after_is_not_negative check (purge_events_after >= '0 s');

alter table duplication.duplications
    add not_before timestamptz,
    add waiting_reason text,
    add purged_at timestamptz,
    add constraint waiting_has_a_reason check ((not_before is null) = (waiting_reason is null)),
    add constraint only_what_may_run_waits check (not_before is null or status in ('pending', 'in_progress')),
    add constraint only_what_is_over_is_purged check (purged_at is null or status in ('completed', 'discarded'));
drop index duplication.duplications_to_dispatch_idx;
create index duplications_to_dispatch_idx on duplication.duplications (id)
where driven_by = 'queue' and status in ('pending', 'in_progress') and dispatched_at is null and not_before is null;
create index duplications_waiting_idx on duplication.duplications (not_before)
where not_before is not null;
create index duplications_sent_idx on duplication.duplications (dispatched_at)
where driven_by = 'queue' and status in ('pending', 'in_progress') and not_before is null;

create index duplications_to_purge_idx on duplication.duplications ((coalesce(discarded_at, completed_at)), id)
where status in ('completed', 'discarded') and purged_at is null;
create index duplications_to_discard_idx
on duplication.duplications (status, (coalesce(discarding_at, cancelled_at, failed_at)))
where status in ('failed', 'cancelled', 'discarding');

alter table duplication.level_runs
    add purged_batches integer not null default 0,
    add purged_rows_planned bigint not null default 0,
    add purged_rows bigint not null default 0;

alter table duplication.attempts
    add backend_start timestamptz,
    add lease_ends_at timestamptz,
    add asked_to_stop boolean not null default false,
    add reason text,
    drop constraint outcome_is_known,
    add constraint outcome_is_known check (outcome in (
        'done', 'released', 'later', 'stopped', 'transient', 'lasting', 'lost'
    ));
-- attempts there were before have ended long ago, or else nobody knows
update duplication.attempts set lease_ends_at = started_at where ended_at is null;
alter table duplication.attempts
    add constraint at_work_has_a_lease check (ended_at is not null or lease_ends_at is not null);
create index attempts_at_work_idx on duplication.attempts (duplication_id) where ended_at is null;
create index attempts_failed_idx on duplication.attempts (ended_at) where outcome in ('transient', 'lost');
create index attempts_started_at_idx on duplication.attempts (started_at);

alter table duplication.events
    drop constraint type_is_known,
    add constraint type_is_known check (type in (
        'duplication.started', 'duplication.feedback', 'duplication.progress', 'duplication.waiting',
        'duplication.failed', 'duplication.completed'
    ));

-- rows come and go in these, and a fifth of a large table is too much to leave behind
alter table duplication.id_map set (autovacuum_vacuum_scale_factor = 0.02);
alter table duplication.pieces set (autovacuum_vacuum_scale_factor = 0.02);
alter table duplication.batches set (autovacuum_vacuum_scale_factor = 0.02);
alter table duplication.events set (autovacuum_vacuum_scale_factor = 0.02);
"""

DOWNGRADE = """
alter table duplication.id_map reset (autovacuum_vacuum_scale_factor);
alter table duplication.pieces reset (autovacuum_vacuum_scale_factor);
alter table duplication.batches reset (autovacuum_vacuum_scale_factor);
alter table duplication.events reset (autovacuum_vacuum_scale_factor);
delete from duplication.events where type = 'duplication.waiting';
alter table duplication.events
    drop constraint type_is_known,
    add constraint type_is_known check (type in (
        'duplication.started', 'duplication.feedback', 'duplication.progress',
        'duplication.failed', 'duplication.completed'
    ));
drop index duplication.attempts_at_work_idx, duplication.attempts_failed_idx, duplication.attempts_started_at_idx;
update duplication.attempts set outcome = 'transient' where outcome = 'lost';
alter table duplication.attempts
    drop constraint at_work_has_a_lease,
    drop constraint outcome_is_known,
    drop backend_start,
    drop lease_ends_at,
    drop asked_to_stop,
    drop reason,
    add constraint outcome_is_known check (outcome in (
        'done', 'released', 'later', 'stopped', 'transient', 'lasting'
    ));
-- the views that add them go with them
alter table duplication.level_runs
    drop purged_batches cascade, drop purged_rows_planned cascade, drop purged_rows cascade;
drop index duplication.duplications_waiting_idx, duplication.duplications_sent_idx,
    duplication.duplications_to_dispatch_idx, duplication.duplications_to_discard_idx;
create index duplications_to_dispatch_idx on duplication.duplications (id)
where driven_by = 'queue' and status = 'pending' and dispatched_at is null;
-- what waits would be waited for in vain: it is sent anew
update duplication.duplications set dispatched_at = null where not_before is not null;
alter table duplication.duplications
    drop constraint waiting_has_a_reason,
    drop constraint only_what_may_run_waits,
    drop constraint only_what_is_over_is_purged,
    drop not_before,
    drop waiting_reason,
    drop purged_at;
alter table duplication.settings
    drop max_active, drop lease, drop resend_after, drop disabled_wait, drop active_wait, drop load_wait,
    drop max_cpu_percent, drop max_replication_lag, drop max_active_sessions, drop max_waiting_sessions,
    drop max_archive_backlog, drop throttle_failures, drop throttle_window, drop discard_failed_after,
    drop discard_cancelled_after, drop purge_after, drop purge_events_after;
"""


def upgrade() -> None:
    """Add the columns, and drop the routines that are replaced."""
    find_driver(op.get_bind()).execute(UPGRADE.encode())


def downgrade() -> None:
    """Take them away again; what waited is sent anew."""
    find_driver(op.get_bind()).execute(DOWNGRADE.encode())
