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
comment on table duplication.events is 'The feed: what happened to duplications, for people and programs.';
comment on column duplication.events.id is 'The event''s number. Events may become visible in another order.';
comment on column duplication.events.xid is
'The transaction that wrote the event. A cursor is a snapshot, which tells by xid what a reader has not been told yet.';
comment on column duplication.events.duplication_id is 'The duplication that the event is about.';
comment on column duplication.events.type is 'A type of duplication.event_types.';
comment on column duplication.events.payload is 'An object with the fields that duplication.event_types names.';
comment on column duplication.events.created_at is 'When the event was written.';
