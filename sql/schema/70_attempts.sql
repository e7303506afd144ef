-- Attempts: the deliveries of jobs to workers.

create table _duplication.attempts (
    id bigint generated always as identity primary key,
    duplication_id bigint not null references duplication.duplications on delete cascade,
    level text collate "C" not null,
    message_id text not null,
    worker text not null,
    backend_pid integer not null default pg_backend_pid(),
    backend_start timestamptz,
    lease_ends_at timestamptz,
    stop_requested boolean not null default false,
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    outcome text
        constraint outcome_is_known check (outcome in (
            'done', 'released', 'later', 'stopped', 'transient', 'lasting', 'lost'
        )),
    reason text,
    error jsonb,
    constraint at_work_has_a_lease check (ended_at is not null or lease_ends_at is not null),
    constraint ended_has_an_outcome check ((ended_at is null) = (outcome is null))
);
create index attempts_duplication_id_idx on _duplication.attempts (duplication_id, id);
create index attempts_at_work_idx on _duplication.attempts (duplication_id) where ended_at is null;
create index attempts_failed_idx on _duplication.attempts (ended_at) where outcome in ('transient', 'lost');
create index attempts_started_at_idx on _duplication.attempts (started_at);
comment on table _duplication.attempts is 'One delivery of one job to a worker.';
comment on column _duplication.attempts.lease_ends_at is
'The time until which the attempt counts as alive. Each call renews it.';
comment on column _duplication.attempts.stop_requested is
'True if the worker wants to end. Its call returns after the step.';
comment on column _duplication.attempts.outcome is
'done, released (handed back), later (the job waits), stopped (nothing to do), transient or lasting (an error), lost '
'(the session was gone, or was silent for longer than its lease).';
comment on column _duplication.attempts.reason is 'Why the outcome is later or stopped, in words for people.';
