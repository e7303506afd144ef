-- Purpose: the settings in force: the value that was set, else the default. Each upgrade makes the view anew, so a new
-- default reaches every installation that has not set its own value. A setting's default and comment are here; its type
-- and limits are in stored_settings. A setting that can be off has a CASE; one that is off by default is its column.
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
'The settings of the installation: one row. Change them by UPDATE, for example: update duplication.settings set '
'max_active = 3. A setting that was never set has the default of the installed version. To return to the default: '
'select duplication.reset_setting(''max_active''). Null switches off a setting that has "Null:" in its comment. An '
'UPDATE stores only what it changes: setting a value to the default that it has already stores nothing.';

comment on column duplication.settings.enabled is
'Whether anything is copied. While it is off, requests are kept and wait. Unit: true or false. Default: true.';
comment on column duplication.settings.max_active is
'How many duplications may be at work at a time, over all workers. The queue holds no more jobs than that. Unit: '
'duplications. Default: 5.';
comment on column duplication.settings.max_attempts is
'How many transient failures of a job, without a batch copied in between, make the duplication fail. Unit: failures. '
'Default: 5.';
comment on column duplication.settings.batch_rows is
'How many rows a level''s first batch aims at. levels.batch_rows replaces it for one level. Unit: rows. Default: 5000.';
comment on column duplication.settings.target_batch_ms is
'How long a transaction that copies or plans should last. The size of the next batches follows from it. Unit: '
'milliseconds. Default: 200. Null: all batches aim at batch_rows.';
comment on column duplication.settings.max_batch_rows is
'The most rows that a batch may aim at, however fast it is. Unit: rows. Default: 50000.';
comment on column duplication.settings.foreign_keys_per_set is
'A batch of at least this many rows has its foreign keys checked all at once, unless per_row_reason() objects. Unit: '
'rows. Default: null. Null: never; triggers check the foreign keys of each row.';
comment on column duplication.settings.lock_timeout is
'How long a batch waits for a lock before it gives up and is tried again. Unit: interval. Default: 2 s.';
comment on column duplication.settings.lease is
'How long a worker may be silent before its job is taken over. If its backend is gone, that happens at once. Unit: '
'interval. Default: 15 s.';
comment on column duplication.settings.resend_after is
'How long a job has to be on its way before it may count as lost. Unit: interval. Default: 1 min.';
comment on column duplication.settings.disabled_wait is
'How long a job waits while duplication is switched off. Unit: interval. Default: 30 s.';
comment on column duplication.settings.active_wait is
'How long a job waits if all slots are taken. Unit: interval. Default: 5 s.';
comment on column duplication.settings.load_wait is
'How long a job waits while a load signal is above its threshold. Unit: interval. Default: 1 min.';
comment on column duplication.settings.max_cpu_percent is
'Threshold for the CPU of the database''s machine, as CloudWatch reports it. Unit: percent. Default: 80. Null: not '
'checked.';
comment on column duplication.settings.max_replication_lag is
'Threshold for the standby that is furthest behind in replay. Unit: interval. Default: 30 s. Null: not checked.';
comment on column duplication.settings.max_active_sessions is
'Threshold for sessions that run a statement. Unit: sessions. Default: 50. Null: not checked.';
comment on column duplication.settings.max_waiting_sessions is
'Threshold for sessions that wait for a lock. Unit: sessions. Default: 10. Null: not checked.';
comment on column duplication.settings.max_archive_backlog is
'Threshold for WAL segments that wait to be archived. Unit: segments. Default: 64. Null: not checked.';
comment on column duplication.settings.throttle_failures is
'How many transient failures of one tree within throttle_window hold its jobs back until that time has passed. Unit: '
'failures. Default: 5.';
comment on column duplication.settings.throttle_window is
'How long a tree''s transient failures count for throttle_failures. Unit: interval. Default: 1 min.';
comment on column duplication.settings.discard_failed_after is
'How long after its failure a copy is discarded automatically. Unit: interval. Default: null. Null: never.';
comment on column duplication.settings.discard_cancelled_after is
'How long after its cancel a copy is discarded automatically. Unit: interval. Default: null. Null: never.';
comment on column duplication.settings.purge_after is
'How long a duplication''s plan is kept after it is completed or discarded. verify and discard need the plan. Unit: '
'interval. Default: null. Null: for ever.';
comment on column duplication.settings.purge_events_after is
'How long events are kept. Unit: interval. Default: null. Null: for ever.';
