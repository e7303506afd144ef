-- The results of resolve_level() and level_references(): a level and its references as they are declared, joined with
-- what the catalog says now.

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
'A level with its names resolved. The last four columns are of its edge. They are null unless the level has only one '
'edge, of kind below, as every level that is not mapped has.';
comment on column _duplication.resolved_level.key_cast is
'The suffix that casts a key from text, as it is in id_map, to the key column''s type: see key_cast().';
comment on column _duplication.resolved_level.new_key is
'The SQL expression for a new key; null if the level declares none and the key column has no default.';
comment on column _duplication.resolved_level.filter_clause is
'The level''s filter, as SQL to append to a condition; empty if there is no filter.';
comment on column _duplication.resolved_level.batch_rows is 'How many rows the level''s first batch aims at.';
comment on column _duplication.resolved_level.is_root is 'Whether no other level is above this one.';
comment on column _duplication.resolved_level.edge_column is 'The level''s column that names the parent.';
comment on column _duplication.resolved_level.parent_key_cast is 'Like key_cast, for edge_column.';
comment on column _duplication.resolved_level.edge_clause is 'The edge''s filter, in the form of filter_clause.';

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
'A reference: columns of a level that name rows of the tree. columns and target_columns are pairs.';
comment on column _duplication.level_reference.origin is
'Where it is declared. below or owned: an edge; rule: a column rule; constraint: a foreign key.';
comment on column _duplication.level_reference.key_column is 'The one of its columns that names the target''s key.';
comment on column _duplication.level_reference.assigned is 'Those of its columns that it gives a value in the copy.';
comment on column _duplication.level_reference.by_row is
'True if none of its columns names the target''s key, so that the target''s row and its copy are looked up.';
comment on column _duplication.level_reference.is_checked is 'Whether a foreign key checks the reference.';
comment on column _duplication.level_reference.condition is
'An SQL condition on the rows with the reference; null for all.';
comment on column _duplication.level_reference.unmapped is
'What becomes of the reference if its row is in the source''s tree and not in the copy: error, or null.';
comment on column _duplication.level_reference.nullable is 'Those of its columns that may be null until the backfill.';
