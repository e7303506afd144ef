-- How far each level of a duplication is: its plan along the edges, its statements, its times.

create table _duplication.level_runs (
    duplication_id bigint not null references duplication.duplications on delete cascade,
    level text collate "C" not null,
    ordinal integer not null,
    id bigint generated always as identity unique,
    first_number bigint generated always as (_duplication.first_number(id)) stored,
    mapped boolean not null,
    refers_to_itself boolean not null,
    deferred_columns text[] not null,
    backfills text collate "C",
    relation text,
    compiled_from text,
    statement text,
    fingerprint text,
    per_row_reason text,
    rows_planned bigint not null default 0
        constraint rows_planned_is_not_negative check (rows_planned >= 0),
    planned_at timestamptz,
    started_at timestamptz,
    completed_at timestamptz,
    purged_batches integer not null default 0,
    purged_rows_planned bigint not null default 0,
    purged_rows bigint not null default 0,
    primary key (duplication_id, level),
    unique (duplication_id, ordinal),
    constraint started_is_after_planned check (started_at is null or planned_at is not null),
    constraint started_has_a_statement check (started_at is null or statement is not null),
    constraint completed_is_after_planned check (completed_at is null or planned_at is not null)
);
comment on table _duplication.level_runs is
'A level of a run. How much is copied is the sum over its batches, and what purged_… say of those deleted since.';
comment on column _duplication.level_runs.ordinal is 'Place in the order of copying.';
comment on column _duplication.level_runs.first_number is
'The number of the level''s first row in id_map: see first_number().';
comment on column _duplication.level_runs.mapped is 'Its rows are planned one by one.';
comment on column _duplication.level_runs.deferred_columns is
'Columns that may name rows that are not there yet: null until the backfill.';
comment on column _duplication.level_runs.backfills is 'For a backfill: the level whose deferred columns it fills.';
comment on column _duplication.level_runs.relation is 'Its table when the statement was compiled.';
comment on column _duplication.level_runs.compiled_from is
'The fingerprint that the statement was compiled from; null if it is, or has to be, one for this run alone.';
comment on column _duplication.level_runs.statement is 'What each batch runs.';
comment on column _duplication.level_runs.fingerprint is
'The table''s columns when the level was started; a change stops the run.';
comment on column _duplication.level_runs.per_row_reason is
'Why its foreign keys are checked row by row although the settings ask for sets.';
comment on column _duplication.level_runs.purged_batches is 'Batches that a purge has deleted.';
comment on column _duplication.level_runs.purged_rows_planned is 'Their rows when they were planned.';
comment on column _duplication.level_runs.purged_rows is 'The rows that they inserted.';

create table _duplication.edge_runs (
    duplication_id bigint not null,
    level text collate "C" not null,
    parent_level text collate "C" not null,
    column_name text not null,
    carrier text collate "C",
    parents_planned bigint not null default 0
        constraint parents_planned_is_not_negative check (parents_planned >= 0),
    rows_planned bigint not null default 0
        constraint rows_planned_is_not_negative check (rows_planned >= 0),
    primary key (duplication_id, level, parent_level, column_name),
    foreign key (duplication_id, level) references _duplication.level_runs on delete cascade,
    foreign key (duplication_id, parent_level) references _duplication.level_runs on delete cascade
);
comment on table _duplication.edge_runs is
'How far planning has come along an edge. A row of its own: each step of planning updates it, each batch reads '
'level_runs.';
comment on column _duplication.edge_runs.parents_planned is 'Parents whose children are planned, in plan order.';
