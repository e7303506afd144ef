-- What can be set, for the whole installation: one row.

create table duplication.settings (
    singleton boolean primary key default true
        constraint settings_are_one_row check (singleton),
    installation uuid not null default gen_random_uuid(),
    enabled boolean not null default true,
    max_attempts integer not null default 5
        constraint max_attempts_is_positive check (max_attempts > 0),
    batch_rows integer not null default 5000
        constraint batch_rows_is_positive check (batch_rows > 0),
    lock_timeout interval not null default '2 s'
        constraint lock_timeout_is_not_negative check (lock_timeout >= '0 s'),
    max_active integer not null default 5
        constraint max_active_is_positive check (max_active > 0),
    lease interval not null default '15 s'
        constraint lease_is_positive check (lease > '0 s'),
    resend_after interval not null default '1 min'
        constraint resend_after_is_positive check (resend_after > '0 s'),
    disabled_wait interval not null default '30 s'
        constraint disabled_wait_is_positive check (disabled_wait > '0 s'),
    active_wait interval not null default '5 s'
        constraint active_wait_is_positive check (active_wait > '0 s'),
    load_wait interval not null default '1 min'
        constraint load_wait_is_positive check (load_wait > '0 s'),
    max_cpu_percent numeric default 80
        constraint max_cpu_percent_is_a_percentage check (max_cpu_percent between 0 and 100),
    max_replication_lag interval default '30 s'
        constraint max_replication_lag_is_not_negative check (max_replication_lag >= '0 s'),
    max_active_sessions integer default 50
        constraint max_active_sessions_is_not_negative check (max_active_sessions >= 0),
    max_waiting_sessions integer default 10
        constraint max_waiting_sessions_is_not_negative check (max_waiting_sessions >= 0),
    max_archive_backlog integer default 64
        constraint max_archive_backlog_is_not_negative check (max_archive_backlog >= 0),
    throttle_failures integer not null default 5
        constraint throttle_failures_is_positive check (throttle_failures > 0),
    throttle_window interval not null default '1 min'
        constraint throttle_window_is_positive check (throttle_window > '0 s'),
    discard_failed_after interval
        constraint discard_failed_after_is_not_negative check (discard_failed_after >= '0 s'),
    discard_cancelled_after interval
        constraint discard_cancelled_after_is_not_negative check (discard_cancelled_after >= '0 s'),
    purge_after interval
        constraint purge_after_is_not_negative check (purge_after >= '0 s'),
    purge_events_after interval
        constraint purge_events_after_is_not_negative check (purge_events_after >= '0 s'),
    target_batch_ms integer default 200
        constraint target_batch_ms_is_positive check (target_batch_ms > 0),
    max_batch_rows integer not null default 50000
        constraint max_batch_rows_is_positive check (max_batch_rows > 0),
    foreign_keys_per_set integer
        constraint foreign_keys_per_set_is_positive check (foreign_keys_per_set > 0)
);
insert into duplication.settings default values;
comment on table duplication.settings is 'The installation: one row.';
comment on column duplication.settings.installation is
'Names this database in messages, so that a worker leaves alone what another database''s driver sent.';
comment on column duplication.settings.enabled is
'The feature flag: off, requests are kept and nothing is copied.';
comment on column duplication.settings.max_attempts is
'Transient failures of a job without a batch copied in between, the last of which fails the duplication.';
comment on column duplication.settings.batch_rows is
'Rows that a level''s first batch aims at; a level may have its own.';
comment on column duplication.settings.target_batch_ms is
'How long a transaction that copies or plans should last; the next batches are bigger or smaller for it. Null: all aim '
'at batch_rows.';
comment on column duplication.settings.max_batch_rows is
'Rows that no batch is to have more of, however quick it is.';
comment on column duplication.settings.lock_timeout is
'How long a batch waits for a lock before it gives up and is tried again.';
comment on column duplication.settings.foreign_keys_per_set is
'From how many rows of a batch on its foreign keys are checked all at once, where per_row_reason() has nothing against '
'it. Null: never, but by the triggers, for each row.';
comment on column duplication.settings.max_active is
'Duplications at work at a time, over all workers; no more jobs than that are in the queue.';
comment on column duplication.settings.active_wait is 'How long a job waits that has found all places taken.';
comment on column duplication.settings.lease is
'How long a worker may be silent before its job is taken over; at once where its backend is seen to be gone.';
comment on column duplication.settings.resend_after is
'How long a job is on its way before it may count as lost in the queue.';
comment on column duplication.settings.disabled_wait is 'How long a job waits while duplication is switched off.';
comment on column duplication.settings.load_wait is 'How long a job waits while a load signal is above its threshold.';
comment on column duplication.settings.max_cpu_percent is
'Threshold for the CPU of the database''s machine, as CloudWatch knows it; null: not looked at. So for all thresholds.';
comment on column duplication.settings.max_replication_lag is 'Threshold for the standby furthest behind in replaying.';
comment on column duplication.settings.max_active_sessions is 'Threshold for sessions running a statement.';
comment on column duplication.settings.max_waiting_sessions is 'Threshold for sessions waiting for a lock.';
comment on column duplication.settings.max_archive_backlog is 'Threshold for WAL segments that wait to be archived.';
comment on column duplication.settings.throttle_failures is
'Transient failures of one tree within throttle_window that hold its jobs back until the window has passed.';
comment on column duplication.settings.discard_failed_after is
'How long after it has failed a copy is discarded by itself; null: never. So for all of these.';
comment on column duplication.settings.discard_cancelled_after is
'How long after it was cancelled a copy is discarded.';
comment on column duplication.settings.purge_after is
'How long after a duplication is completed or discarded its plan is deleted, which verify and discard need.';
comment on column duplication.settings.purge_events_after is 'How long events are kept.';
