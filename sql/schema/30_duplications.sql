-- The duplications: one row for each copy that was asked for, from the request to its end.

create table duplication.duplications (
    id bigint generated always as identity primary key,
    tree text not null references duplication.trees,
    root_key text collate "C" not null,
    new_root_key text collate "C",
    status text not null default 'pending',
    traits jsonb generated always as (_duplication.statuses() -> status -> 'is') stored
        constraint status_is_known check (traits is not null),
    driven_by text not null default 'queue'
        constraint driven_by_is_known check (driven_by in ('queue', 'caller')),
    requested_by text not null default session_user,
    options jsonb not null default '{}'
        constraint options_are_an_object check (jsonb_typeof(options) = 'object'),
    error jsonb
        constraint error_is_whole check (error ?& array['level', 'sqlstate', 'message']),
    requested_at timestamptz not null default clock_timestamp(),
    dispatched_at timestamptz,
    not_before timestamptz,
    waiting_reason text,
    started_at timestamptz,
    completed_at timestamptz,
    failed_at timestamptz,
    cancelled_at timestamptz,
    discarding_at timestamptz,
    discarded_at timestamptz,
    purged_at timestamptz,
    constraint waiting_has_a_reason check ((not_before is null) = (waiting_reason is null)),
    constraint only_what_may_run_waits check (not_before is null or traits ? 'active'),
    constraint in_progress_has_started check (not traits ? 'copying' or started_at is not null),
    constraint completed_has_a_new_root check (
        not traits ? 'whole' or (completed_at is not null and new_root_key is not null)
    ),
    constraint completed_is_after_started check (completed_at >= started_at),
    constraint failed_has_an_error check (not traits ? 'has_error' or (failed_at is not null and error is not null)),
    constraint cancelled_has_a_time check (not traits ? 'given_up' or cancelled_at is not null),
    constraint discarding_has_a_time check (not traits ? 'being_deleted' or discarding_at is not null),
    constraint discarded_has_a_time check (not traits ? 'deleted' or discarded_at is not null),
    constraint only_what_is_over_is_purged check (purged_at is null or traits ? 'over')
);
create unique index duplications_idempotency_key_idx
on duplication.duplications (tree, (options ->> 'idempotency_key'));
create index duplications_root_key_idx on duplication.duplications (tree, root_key);
create index duplications_to_dispatch_idx on duplication.duplications (id)
where driven_by = 'queue' and traits ? 'active' and dispatched_at is null and not_before is null;
create index duplications_sent_idx on duplication.duplications (dispatched_at)
where driven_by = 'queue' and traits ? 'active' and not_before is null;
create index duplications_waiting_idx on duplication.duplications (not_before) where not_before is not null;
create index duplications_shown_first_idx on duplication.duplications (id)
where traits ? 'unfinished' or traits ? 'has_error';
create index duplications_failed_idx on duplication.duplications (failed_at) where traits ? 'has_error';
create index duplications_cancelled_idx on duplication.duplications (cancelled_at) where traits ? 'given_up';
create index duplications_discarding_idx on duplication.duplications (discarding_at) where traits ? 'being_deleted';
create index duplications_to_purge_idx
on duplication.duplications (coalesce(discarded_at, completed_at), id)
where traits ? 'over' and purged_at is null;
comment on table duplication.duplications is 'A request for one copy (a root and all below it), and its state.';
comment on column duplication.duplications.id is 'The number of the duplication: p_id of the routines.';
comment on column duplication.duplications.tree is 'The tree that is copied.';
comment on column duplication.duplications.root_key is 'Key of the original root, as its type writes it.';
comment on column duplication.duplications.new_root_key is 'Key of the copied root; null until the root is copied.';
comment on column duplication.duplications.status is
'pending (asked for), in_progress, completed, failed (it waits for a person), cancelled, discarding, discarded.';
comment on column duplication.duplications.traits is
'What is true of the status, such as active or over: see _duplication.statuses().';
comment on column duplication.duplications.driven_by is
'queue: workers do the work. caller: whoever calls duplicate() does the work, and no worker takes it over.';
comment on column duplication.duplications.requested_by is 'The role that requested the duplication.';
comment on column duplication.duplications.options is
'idempotency_key, overrides (column → value of the new root), trace.';
comment on column duplication.duplications.error is
'Why the duplication failed: level, relation, sqlstate, message, detail, hint, context.';
comment on column duplication.duplications.requested_at is 'When the duplication was requested.';
comment on column duplication.duplications.dispatched_at is
'When the duplication''s job was last sent to the queue; null if the job has to be sent.';
comment on column duplication.duplications.not_before is 'When its job is sent again; null if it does not wait.';
comment on column duplication.duplications.waiting_reason is 'Why the duplication waits, in words for people.';
comment on column duplication.duplications.started_at is 'When work on the duplication first began.';
comment on column duplication.duplications.completed_at is 'When the copy was complete.';
comment on column duplication.duplications.failed_at is 'When the duplication last failed.';
comment on column duplication.duplications.cancelled_at is 'When the duplication was cancelled.';
comment on column duplication.duplications.discarding_at is 'When the discard began.';
comment on column duplication.duplications.discarded_at is 'When the whole copy was deleted.';
comment on column duplication.duplications.purged_at is
'When the last of the plan was purged, see settings.purge_after. The copy stays.';
