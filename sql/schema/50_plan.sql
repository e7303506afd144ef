-- The plan of a duplication, and what became of it: keys, pieces to be copied, batches that were copied.
-- Rows come and go in these tables, and a fifth of a large table is too much to leave behind for autovacuum.

create table _duplication.id_map (
    number bigint primary key,
    run bigint not null generated always as (_duplication.run_of(number)) stored,
    orig_key text collate "C" not null,
    new_key text collate "C" not null,
    missing boolean not null default false,
    constraint row_is_planned_once unique (run, orig_key)
) with (autovacuum_vacuum_scale_factor = 0.02);
comment on table _duplication.id_map is
'The plan: one old key and its new key. No foreign key, for it would cost more than the row.';
comment on column _duplication.id_map.number is
'Place in plan order; batches are ranges of it. Unique over all runs: a range needs no other column, and a look-up by '
'orig_key no other index, so the planner has nothing to choose wrongly.';
comment on column _duplication.id_map.run is
'Whose plan: the id in level_runs. Runs come one after the other, and so do the entries of the index by original key.';
comment on column _duplication.id_map.missing is
'The original was not there any more when its turn came: skipped, with everything below it.';

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
comment on table _duplication.pieces is 'A planned range of rows that is not copied yet: what batches are made of.';
comment on column _duplication.pieces.range_of is
'rows: the range is of the level''s own numbers in id_map. parents: of its parents'', with all their children.';
comment on column _duplication.pieces.rows is 'Rows when it was planned.';

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
'One transaction that copied: a run of neighbouring pieces, which it took away. While it is there, so are its rows.';
comment on column _duplication.batches.batch_no is
'The number of its first piece: unique without a counter that sessions would queue for.';
comment on column _duplication.batches.target_rows is
'How many rows it was to have; the pieces that were left may be fewer.';
comment on column _duplication.batches.reason is 'Why it was to be that big: see size_batch().';
comment on column _duplication.batches.rows_planned is 'Rows of its pieces when they were planned.';
comment on column _duplication.batches.rows is 'Rows inserted.';
