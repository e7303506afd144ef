-- The order and the statements of each tree, compiled once and kept until the tree or its tables change.

create table _duplication.compiled_trees (
    tree text primary key references duplication.trees on delete cascade,
    fingerprint text not null,
    root_level text collate "C" not null,
    plan_statement text not null
);
comment on table _duplication.compiled_trees is
'What is compiled from a tree and the catalog. fingerprint is one value for everything that it was compiled from.';

create table _duplication.compiled_levels (
    tree text not null references _duplication.compiled_trees on delete cascade,
    level text collate "C" not null,
    ordinal integer not null,
    mapped boolean not null,
    refers_to_itself boolean not null,
    deferred_columns text[] not null,
    relation text not null,
    fingerprint text not null,
    copy_statement text not null,
    backfill_statement text,
    primary key (tree, level),
    unique (tree, ordinal),
    constraint deferred_columns_have_a_backfill check ((deferred_columns = '{}') = (backfill_statement is null))
);
comment on table _duplication.compiled_levels is
'A level of a compiled tree: its place in the order, and the statements that copy it.';
comment on column _duplication.compiled_levels.fingerprint is
'One value for what the catalog says of the table: see relation_fingerprint().';

create table _duplication.compiled_edges (
    tree text not null references _duplication.compiled_trees on delete cascade,
    level text collate "C" not null,
    parent_level text collate "C" not null,
    column_name text not null,
    carrier text collate "C" not null,
    plan_statement text not null,
    primary key (tree, level, parent_level, column_name)
);
comment on table _duplication.compiled_edges is 'An edge of a compiled tree, and the statement that plans along it.';
comment on column _duplication.compiled_edges.carrier is
'The mapped level by whose numbers the edge is followed: see edge_carrier().';
