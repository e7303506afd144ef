-- The settings that were changed, for the whole installation: one row. The view duplication.settings adds the defaults.

create table _duplication.stored_settings (
    singleton boolean primary key default true
        constraint settings_are_one_row check (singleton),
    enabled boolean,
    max_active integer
        constraint max_active_is_positive check (max_active > 0),
    max_attempts integer
        constraint max_attempts_is_positive check (max_attempts > 0),
    batch_rows integer
        constraint batch_rows_is_positive check (batch_rows > 0),
    target_batch_ms integer
        constraint target_batch_ms_is_positive check (target_batch_ms > 0),
    max_batch_rows integer
        constraint max_batch_rows_is_positive check (max_batch_rows > 0),
    foreign_keys_per_set integer
        constraint foreign_keys_per_set_is_positive check (foreign_keys_per_set > 0),
    lock_timeout interval
        constraint lock_timeout_is_not_negative check (lock_timeout >= '0 s'),
    lease interval
        constraint lease_is_positive check (lease > '0 s'),
    resend_after interval
        constraint resend_after_is_positive check (resend_after > '0 s'),
    disabled_wait interval
        constraint disabled_wait_is_positive check (disabled_wait > '0 s'),
    active_wait interval
        constraint active_wait_is_positive check (active_wait > '0 s'),
    load_wait interval
        constraint load_wait_is_positive check (load_wait > '0 s'),
    max_cpu_percent numeric
        constraint max_cpu_percent_is_a_percentage check (max_cpu_percent between 0 and 100),
    max_replication_lag interval
        constraint max_replication_lag_is_not_negative check (max_replication_lag >= '0 s'),
    max_active_sessions integer
        constraint max_active_sessions_is_not_negative check (max_active_sessions >= 0),
    max_waiting_sessions integer
        constraint max_waiting_sessions_is_not_negative check (max_waiting_sessions >= 0),
    max_archive_backlog integer
        constraint max_archive_backlog_is_not_negative check (max_archive_backlog >= 0),
    throttle_failures integer
        constraint throttle_failures_is_positive check (throttle_failures > 0),
    throttle_window interval
        constraint throttle_window_is_positive check (throttle_window > '0 s'),
    discard_failed_after interval
        constraint discard_failed_after_is_not_negative check (discard_failed_after >= '0 s'),
    discard_cancelled_after interval
        constraint discard_cancelled_after_is_not_negative check (discard_cancelled_after >= '0 s'),
    purge_after interval
        constraint purge_after_is_not_negative check (purge_after >= '0 s'),
    purge_events_after interval
        constraint purge_events_after_is_not_negative check (purge_events_after >= '0 s'),
    switched_off text[] not null default '{}'
        constraint only_these_can_be_switched_off check (switched_off <@ array[
            'target_batch_ms', 'foreign_keys_per_set', 'max_cpu_percent', 'max_replication_lag', 'max_active_sessions',
            'max_waiting_sessions', 'max_archive_backlog', 'discard_failed_after', 'discard_cancelled_after',
            'purge_after', 'purge_events_after'
        ])
);
insert into _duplication.stored_settings default values;
comment on table _duplication.stored_settings is
'The settings that were changed: one row. Null stands for the default, which duplication.settings shows.';
comment on column _duplication.stored_settings.switched_off is
'The settings that were set to null. Null switches a setting off, whatever its default.';
