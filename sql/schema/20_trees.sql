-- What can be duplicated: trees, their levels, the edges between them, and rules for columns.

create table duplication.trees (
    name text primary key
        constraint tree_name_is_plain check (name ~ '^[a-z][a-z0-9_]*$'),
    search_path text not null default 'public'
);
comment on table duplication.trees is 'A tree that can be duplicated.';
comment on column duplication.trees.name is 'What the tree is called: p_tree of the routines.';
comment on column duplication.trees.search_path is
'The path that the tables'' own triggers need while rows are copied.';

create table duplication.levels (
    tree text not null references duplication.trees on delete cascade,
    name text not null
        constraint level_name_is_not_empty check (name <> '')
        constraint level_name_is_not_that_of_a_backfill check (name !~ '^backfill '),
    row_name text not null
        constraint row_name_is_not_empty check (row_name <> ''),
    relation text not null,
    key_column text,
    new_key text,
    row_filter text,
    orig_column text,
    plan_rows boolean not null default false,
    batch_rows integer
        constraint level_batch_rows_is_positive check (batch_rows > 0),
    primary key (tree, name),
    constraint new_key_has_a_column check (new_key is null or key_column is not null),
    constraint orig_column_has_a_key check (orig_column is null or key_column is not null)
);
comment on table duplication.levels is 'A table of a tree.';
comment on column duplication.levels.tree is 'The tree.';
comment on column duplication.levels.name is 'What the level is called, on the feed and in what refers to it.';
comment on column duplication.levels.row_name is 'What one row is called in messages.';
comment on column duplication.levels.relation is
'The table, with its schema, quoted as in SQL. A name: it is resolved when a run starts.';
comment on column duplication.levels.key_column is
'The key: of an integer, uuid or text type. Null for a composite key or none: copied by its parent, not referred to.';
comment on column duplication.levels.new_key is
'An SQL expression for new keys; null for the column''s own default or identity.';
comment on column duplication.levels.row_filter is
'An SQL condition on a source row s; rows that do not meet it are left out, with all below them.';
comment on column duplication.levels.orig_column is 'The column that names a copy''s original; null if there is none.';
comment on column duplication.levels.plan_rows is
'Plan each row, even where nothing refers to the level: slower, and exact about rows moved meanwhile.';
comment on column duplication.levels.batch_rows is 'Rows that a batch of this level aims at; null for the setting.';

create table duplication.edges (
    tree text not null,
    level text not null,
    parent_level text not null,
    column_name text not null,
    kind text not null default 'below'
        constraint kind_is_known check (kind in ('below', 'owned')),
    row_filter text,
    primary key (tree, level, parent_level, column_name),
    foreign key (tree, level) references duplication.levels on delete cascade,
    foreign key (tree, parent_level) references duplication.levels on delete cascade,
    constraint owned_rows_are_of_another_level check (kind = 'below' or level <> parent_level)
);
create index edges_parent_level_idx on duplication.edges (tree, parent_level);
comment on table duplication.edges is
'How a level is reached. A level may have several edges; a row reached twice is copied once.';
comment on column duplication.edges.tree is 'The tree.';
comment on column duplication.edges.level is 'The level that is reached.';
comment on column duplication.edges.parent_level is 'The level that it is reached from.';
comment on column duplication.edges.column_name is 'The column that the edge follows: on which table, says kind.';
comment on column duplication.edges.kind is
'below: the column is on the level and names its parent. owned: it is on the parent and names a row of the level.';
comment on column duplication.edges.row_filter is
'An SQL condition on the row that has the column, such as a type beside an id.';

create table duplication.column_rules (
    tree text not null references duplication.trees on delete cascade,
    level text,
    column_name text not null,
    rule text not null
        constraint column_rule_is_known check (rule in ('default', 'keep', 'null', 'remap', 'set')),
    expression text,
    target_level text,
    row_filter text,
    unmapped text not null default 'error'
        constraint unmapped_is_known check (unmapped in ('error', 'null')),
    foreign key (tree, level) references duplication.levels on delete cascade,
    constraint target_level_is_known foreign key (tree, target_level) references duplication.levels on delete cascade,
    constraint column_has_one_rule unique nulls not distinct (tree, level, column_name, target_level),
    constraint only_set_has_an_expression check ((rule = 'set') = (expression is not null)),
    constraint only_remap_has_a_target check (
        (rule = 'remap') = (target_level is not null)
        and (rule = 'remap' or (row_filter is null and unmapped = 'error'))
    )
);
comment on table duplication.column_rules is
'Exceptions to "copy the column": default (take the column''s default), keep, null, set (an expression on the source '
'row s and copy.new_key, copy.duplication_id), remap (it names rows of target_level, though no foreign key says so). '
'A rule without a level is for all that have the column; one with a level goes before it.';
comment on column duplication.column_rules.tree is 'The tree.';
comment on column duplication.column_rules.level is
'The level that has the column; null for all that have one of this name.';
comment on column duplication.column_rules.column_name is 'The column.';
comment on column duplication.column_rules.rule is 'default, keep, null, remap or set: see the table.';
comment on column duplication.column_rules.expression is
'For set: SQL on the source row s, copy.new_key and copy.duplication_id.';
comment on column duplication.column_rules.target_level is 'For remap: the level whose rows the column names.';
comment on column duplication.column_rules.row_filter is
'For which rows it refers to target_level: a type beside an id.';
comment on column duplication.column_rules.unmapped is
'What becomes of a reference to a row of the source''s tree that is not in the copy: error, or null.';
