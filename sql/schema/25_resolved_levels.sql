-- A level and its references as resolve_level() and level_references() find them: what is declared, joined with what
-- the catalog says of it now.

create type _duplication.resolved_level as (
    name text,
    relation regclass,
    row_name text,
    key_column text,
    key_cast text,
    new_key text,
    filter_clause text,
    orig_column text,
    batch_rows integer,
    is_root boolean,
    parent_level text,
    edge_column text,
    parent_key_cast text,
    edge_clause text
);
comment on type _duplication.resolved_level is
'A level with its names resolved. The last four are of its edge, and null unless it has one alone and is below it: as '
'every level without a map.';
comment on column _duplication.resolved_level.key_cast is
'To append to a key in text, as id_map has it, for the key column''s own type: see key_cast().';
comment on column _duplication.resolved_level.new_key is
'The SQL expression for the next key; null if none can be had.';
comment on column _duplication.resolved_level.filter_clause is
'The level''s filter, to append to a condition; empty without one.';
comment on column _duplication.resolved_level.batch_rows is 'Rows that its batches begin with.';
comment on column _duplication.resolved_level.is_root is 'Whether no other level is above it.';
comment on column _duplication.resolved_level.edge_column is 'Its column that names the parent.';
comment on column _duplication.resolved_level.parent_key_cast is 'As key_cast, for the edge''s column.';
comment on column _duplication.resolved_level.edge_clause is 'The edge''s filter, as filter_clause.';

create type _duplication.level_reference as (
    nr integer,
    origin text,
    constraint_name name,
    columns name array,
    key_column name,
    assigned name array,
    target_level text,
    target_columns name array,
    by_row boolean,
    is_array boolean,
    is_checked boolean,
    condition text,
    unmapped text,
    nullable name array
);
comment on type _duplication.level_reference is
'Something on a level that names rows of the tree''s levels. Its columns and target_columns are pairs.';
comment on column _duplication.level_reference.origin is
'below or owned: an edge; rule: a column rule; constraint: a foreign key.';
comment on column _duplication.level_reference.key_column is 'The one of its columns that names the target''s key.';
comment on column _duplication.level_reference.assigned is 'Those of its columns that it decides.';
comment on column _duplication.level_reference.by_row is
'Whether none of its columns names the target''s key, so that the target''s row and its copy are looked up.';
comment on column _duplication.level_reference.is_checked is 'Whether a foreign key checks it.';
comment on column _duplication.level_reference.condition is 'The rows it counts for; null for all.';
comment on column _duplication.level_reference.unmapped is
'What becomes of it when it should have been mapped and is not: error, or null.';
comment on column _duplication.level_reference.nullable is 'Those of its columns that may be null for a time.';
