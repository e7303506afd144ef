-- The plan of a duplication and its progress: keys, pieces that are not copied yet, batches that were copied.
-- Rows come and go in these tables. By default, autovacuum lets a fifth of a large table go stale, which is too much.

create table _duplication.id_map (
    number bigint primary key,
    run bigint not null generated always as (_duplication.run_of(number)) stored,
    orig_key text collate "C" not null,
    new_key text collate "C" not null,
    missing boolean not null default false,
    constraint row_is_planned_once unique (run, orig_key)
) with (autovacuum_vacuum_scale_factor = 0.02);
comment on table _duplication.id_map is
'The plan: one original key and its new key. There is no foreign key, because it would cost more than the row.';
comment on column _duplication.id_map.number is
'The place in the plan; batches are ranges of numbers. It is unique over all runs, so a range needs no other column. '
'A look-up by orig_key has one index, so the planner cannot choose a wrong one.';
comment on column _duplication.id_map.run is
'The run of the number: level_runs.id. The index by original key begins with it, so its entries come in order.';
comment on column _duplication.id_map.missing is
'The original was gone when its turn came. The row is skipped, with everything below it.';

create table _duplication.pieces (
    duplication_id bigint not null,
    level text collate "C" not null,
    piece_no integer not null,
    range_of text not null
        constraint range_is_of_rows_or_parents check (range_of in ('rows', 'parents')),
    first_number bigint not null,
    last_number bigint not null,
    rows bigint not null
        constraint rows_is_not_negative check (rows >= 0),
    primary key (duplication_id, level, piece_no),
    foreign key (duplication_id, level) references _duplication.level_runs on delete cascade,
    constraint range_is_not_empty check (first_number <= last_number)
) with (autovacuum_vacuum_scale_factor = 0.02);
comment on table _duplication.pieces is 'A range of numbers that is planned and not copied yet. A batch copies pieces.';
comment on column _duplication.pieces.range_of is
'rows: the range is of the level''s own numbers in id_map. parents: of the parents'' numbers, with all their children.';
comment on column _duplication.pieces.rows is 'How many rows the piece had when it was planned.';

create table _duplication.batches (
    duplication_id bigint not null,
    level text collate "C" not null,
    batch_no integer not null,
    last_piece integer not null,
    range_of text not null
        constraint range_is_of_rows_or_parents check (range_of in ('rows', 'parents')),
    first_number bigint not null,
    last_number bigint not null,
    target_rows integer
        constraint target_rows_is_positive check (target_rows > 0),
    reason text,
    rows_planned bigint not null
        constraint rows_planned_is_not_negative check (rows_planned >= 0),
    rows bigint not null
        constraint rows_is_not_negative check (rows >= 0),
    backend_pid integer not null default pg_backend_pid(),
    started_at timestamptz not null,
    ended_at timestamptz not null default clock_timestamp(),
    primary key (duplication_id, level, batch_no),
    foreign key (duplication_id, level) references _duplication.level_runs on delete cascade,
    constraint range_is_not_empty check (first_number <= last_number),
    constraint last_piece_is_not_before_the_first check (batch_no <= last_piece),
    constraint ended_is_after_started check (ended_at >= started_at)
) with (autovacuum_vacuum_scale_factor = 0.02);
comment on table _duplication.batches is
'A transaction that copied neighbouring pieces and deleted those pieces. Its rows exist as long as its record does.';
comment on column _duplication.batches.batch_no is
'The number of the batch''s first piece. It is unique without a counter that sessions would have to wait for.';
comment on column _duplication.batches.target_rows is
'How many rows the batch should have. It may have fewer, if fewer were left.';
comment on column _duplication.batches.reason is 'Why the batch should have target_rows rows: see size_batch().';
comment on column _duplication.batches.rows_planned is 'How many rows its pieces had when they were planned.';
comment on column _duplication.batches.rows is 'How many rows the batch inserted.';
