-- The runs of a duplication, one for each level: statement, progress and times. Edge runs: how far planning is.

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
'One level of one duplication. Rows copied: the sum over its batches, plus purged_rows for batches that were purged.';
comment on column _duplication.level_runs.ordinal is 'The place in the order of copying.';
comment on column _duplication.level_runs.first_number is
'The first number of the run''s range in id_map: see first_number().';
comment on column _duplication.level_runs.mapped is 'Whether the rows are planned one by one, in id_map.';
comment on column _duplication.level_runs.deferred_columns is
'Columns whose target may be copied later. They are null until the backfill.';
comment on column _duplication.level_runs.backfills is 'For a backfill: the level whose deferred columns are filled.';
comment on column _duplication.level_runs.relation is 'The table''s name when the statement was compiled.';
comment on column _duplication.level_runs.compiled_from is
'The fingerprint that the statement was compiled from. Null if the statement is for this run alone, or has to be.';
comment on column _duplication.level_runs.statement is 'The SQL that each batch runs.';
comment on column _duplication.level_runs.fingerprint is
'The fingerprint of the table''s columns when the level started. If the columns change, copying stops.';
comment on column _duplication.level_runs.per_row_reason is
'Why foreign keys are checked row by row although settings.foreign_keys_per_set is on.';
comment on column _duplication.level_runs.purged_batches is 'How many batches were purged.';
comment on column _duplication.level_runs.purged_rows_planned is 'The planned rows of the purged batches.';
comment on column _duplication.level_runs.purged_rows is 'How many rows the purged batches inserted.';

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
'How far planning has followed an edge. It is not in level_runs, because each step of planning updates it while each '
'batch reads level_runs.';
comment on column _duplication.edge_runs.parents_planned is
'How many parents, in plan order, have their children planned.';
