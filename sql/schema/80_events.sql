-- The feed: what happened to duplications, for people and programs.

create table duplication.events (
    id bigint generated always as identity primary key,
    xid xid8 not null default pg_current_xact_id(),
    duplication_id bigint not null references duplication.duplications on delete cascade,
    type text not null,
    payload jsonb not null,
    created_at timestamptz not null default clock_timestamp()
) with (autovacuum_vacuum_scale_factor = 0.02);
create index events_xid_idx on duplication.events (xid, id);
create index events_duplication_id_idx on duplication.events (duplication_id, id);
comment on table duplication.events is 'What happened: the feed for people and programs.';
comment on column duplication.events.id is 'Its number; in the order of writing, not of becoming visible.';
comment on column duplication.events.xid is
'The transaction that wrote it. Numbers become visible out of order; a reader goes by (xid, id), below the oldest '
'transaction still running.';
comment on column duplication.events.duplication_id is 'What it happened to.';
comment on column duplication.events.type is 'One of duplication.event_types.';
comment on column duplication.events.payload is 'An object with the fields that event_types names.';
comment on column duplication.events.created_at is 'When it was written.';
