-- Purpose: the settings that count: what was set, else the default. Each upgrade makes the view anew, so a new default
-- reaches every installation that has not set its own. A setting has its line and its comment here, its type and its
-- limits in stored_settings. One that can be off has the longer line, or its column alone while it is off by default.
create or replace view duplication.settings as
select
    coalesce(s.enabled, true) as enabled,
    coalesce(s.max_active, 5) as max_active,
    coalesce(s.max_attempts, 5) as max_attempts,
    coalesce(s.batch_rows, 5000) as batch_rows,
    case when 'target_batch_ms' <> all(s.switched_off) then coalesce(s.target_batch_ms, 200) end as target_batch_ms,
    coalesce(s.max_batch_rows, 50000) as max_batch_rows,
    s.foreign_keys_per_set,
    coalesce(s.lock_timeout, '2 s') as lock_timeout,
    coalesce(s.lease, '15 s') as lease,
    coalesce(s.resend_after, '1 min') as resend_after,
    coalesce(s.disabled_wait, '30 s') as disabled_wait,
    coalesce(s.active_wait, '5 s') as active_wait,
    coalesce(s.load_wait, '1 min') as load_wait,
    case when 'max_cpu_percent' <> all(s.switched_off) then coalesce(s.max_cpu_percent, 80) end as max_cpu_percent,
    case when 'max_replication_lag' <> all(s.switched_off) then coalesce(s.max_replication_lag, '30 s') end
        as max_replication_lag,
    case when 'max_active_sessions' <> all(s.switched_off) then coalesce(s.max_active_sessions, 50) end
        as max_active_sessions,
    case when 'max_waiting_sessions' <> all(s.switched_off) then coalesce(s.max_waiting_sessions, 10) end
        as max_waiting_sessions,
    case when 'max_archive_backlog' <> all(s.switched_off) then coalesce(s.max_archive_backlog, 64) end
        as max_archive_backlog,
    coalesce(s.throttle_failures, 5) as throttle_failures,
    coalesce(s.throttle_window, '1 min') as throttle_window,
    s.discard_failed_after,
    s.discard_cancelled_after,
    s.purge_after,
    s.purge_events_after
from _duplication.stored_settings as s;
comment on view duplication.settings is
'What can be set, for the whole installation: one row. Set it by UPDATE, for example: update duplication.settings set '
'max_active = 3. A setting that was never set has its default, and that of a later version after an upgrade; to have '
'the default again: select duplication.reset_setting(''max_active''). Null switches off what has "Null:" in its '
'comment. An UPDATE stores what it changes: to set what the default is already stores nothing.';

comment on column duplication.settings.enabled is
'The feature flag: off, requests are kept and nothing is copied. Unit: true or false. Default: true.';
comment on column duplication.settings.max_active is
'Duplications at work at a time, over all workers; no more jobs than that are in the queue. '
'Unit: duplications. Default: 5.';
comment on column duplication.settings.max_attempts is
'Transient failures of a job without a batch copied in between, the last of which fails the duplication. '
'Unit: failures. Default: 5.';
comment on column duplication.settings.batch_rows is
'Rows that a level''s first batch aims at; a level may have its own. Unit: rows. Default: 5000.';
comment on column duplication.settings.target_batch_ms is
'How long a transaction that copies or plans should last; the next batches are bigger or smaller for it. '
'Unit: milliseconds. Default: 200. Null: all batches aim at batch_rows.';
comment on column duplication.settings.max_batch_rows is
'Rows that no batch is to have more of, however quick it is. Unit: rows. Default: 50000.';
comment on column duplication.settings.foreign_keys_per_set is
'From how many rows of a batch on its foreign keys are checked all at once, where per_row_reason() has nothing against '
'it. Unit: rows. Default: null. Null: never; the triggers check them for each row.';
comment on column duplication.settings.lock_timeout is
'How long a batch waits for a lock before it gives up and is tried again. Unit: interval. Default: 2 s.';
comment on column duplication.settings.lease is
'How long a worker may be silent before its job is taken over; at once where its backend is seen to be gone. '
'Unit: interval. Default: 15 s.';
comment on column duplication.settings.resend_after is
'How long a job is on its way before it may count as lost in the queue. Unit: interval. Default: 1 min.';
comment on column duplication.settings.disabled_wait is
'How long a job waits while duplication is switched off. Unit: interval. Default: 30 s.';
comment on column duplication.settings.active_wait is
'How long a job waits that has found all slots taken. Unit: interval. Default: 5 s.';
comment on column duplication.settings.load_wait is
'How long a job waits while a load signal is above its threshold. Unit: interval. Default: 1 min.';
comment on column duplication.settings.max_cpu_percent is
'Threshold for the CPU of the database''s machine, as CloudWatch knows it. '
'Unit: percent. Default: 80. Null: not looked at.';
comment on column duplication.settings.max_replication_lag is
'Threshold for the standby furthest behind in replaying. Unit: interval. Default: 30 s. Null: not looked at.';
comment on column duplication.settings.max_active_sessions is
'Threshold for sessions running a statement. Unit: sessions. Default: 50. Null: not looked at.';
comment on column duplication.settings.max_waiting_sessions is
'Threshold for sessions waiting for a lock. Unit: sessions. Default: 10. Null: not looked at.';
comment on column duplication.settings.max_archive_backlog is
'Threshold for WAL segments that wait to be archived. Unit: segments. Default: 64. Null: not looked at.';
comment on column duplication.settings.throttle_failures is
'Transient failures of one tree within throttle_window that hold its jobs back until the window has passed. '
'Unit: failures. Default: 5.';
comment on column duplication.settings.throttle_window is
'How long transient failures of a tree count, see throttle_failures. Unit: interval. Default: 1 min.';
comment on column duplication.settings.discard_failed_after is
'How long after it has failed a copy is discarded by itself. Unit: interval. Default: null. Null: never.';
comment on column duplication.settings.discard_cancelled_after is
'How long after it was cancelled a copy is discarded by itself. Unit: interval. Default: null. Null: never.';
comment on column duplication.settings.purge_after is
'How long after a duplication is completed or discarded its plan is deleted, which verify and discard need. '
'Unit: interval. Default: null. Null: never.';
comment on column duplication.settings.purge_events_after is
'How long events are kept. Unit: interval. Default: null. Null: for ever.';
