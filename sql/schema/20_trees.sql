-- What can be duplicated: trees, their levels, the edges between them, and rules for columns.

create table duplication.trees (
    name text primary key
        constraint tree_name_is_plain check (name ~ '^[a-z][a-z0-9_]*$'),
    search_path text not null default 'public'
);
comment on table duplication.trees is 'A set of tables whose rows are copied together.';
comment on column duplication.trees.name is 'The name of the tree: p_tree of the routines.';
comment on column duplication.trees.search_path is
'The search_path for the tree''s filters and expressions, and for its tables'' triggers while rows are copied.';

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
comment on table duplication.levels is 'One table of a tree.';
comment on column duplication.levels.tree is 'The tree.';
comment on column duplication.levels.name is 'The name of the level, in events and in the tables that refer to it.';
comment on column duplication.levels.row_name is 'What messages call one row of the level.';
comment on column duplication.levels.relation is
'The table, with its schema, quoted as in SQL. The name is resolved when a duplication starts.';
comment on column duplication.levels.key_column is
'The key column: integer, uuid or text. Null if no single column is a key: rows are copied with their parent.';
comment on column duplication.levels.new_key is
'An SQL expression for new keys; null for the column''s own default or identity.';
comment on column duplication.levels.row_filter is
'An SQL condition on a source row s. Rows that do not meet it are left out, with all rows below them.';
comment on column duplication.levels.orig_column is 'The column of a copied row that names its original; null if none.';
comment on column duplication.levels.plan_rows is
'Plan each row, even if nothing refers to the level: slower, but exact if rows are moved while they are copied.';
comment on column duplication.levels.batch_rows is 'Rows that the level''s first batch aims at; null for the setting.';

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
'The columns by which a level is reached. A level may have several edges. A row that is reached twice is copied once.';
comment on column duplication.edges.tree is 'The tree.';
comment on column duplication.edges.level is 'The level that is reached.';
comment on column duplication.edges.parent_level is 'The level from which it is reached.';
comment on column duplication.edges.column_name is 'The column that the edge follows. kind tells whose column it is.';
comment on column duplication.edges.kind is
'below: the column is on the level and names the parent. owned: it is on the parent and names a row of the level.';
comment on column duplication.edges.row_filter is
'An SQL condition on the row that has the column. An example is a type column beside an id.';

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
'Exceptions to "copy the column": default (take the column''s default), keep (the source''s value), null, set (an '
'expression on source row s, copy.new_key, copy.duplication_id), remap (the column names rows of target_level, '
'without a foreign key). A rule without a level is for all levels with the column; a rule with a level overrides it.';
comment on column duplication.column_rules.tree is 'The tree.';
comment on column duplication.column_rules.level is
'The level that has the column; null for all levels with a column of this name.';
comment on column duplication.column_rules.column_name is 'The column.';
comment on column duplication.column_rules.rule is 'default, keep, null, remap or set: see the comment of the table.';
comment on column duplication.column_rules.expression is
'For set: an SQL expression on the source row s, copy.new_key and copy.duplication_id.';
comment on column duplication.column_rules.target_level is 'For remap: the level whose rows the column names.';
comment on column duplication.column_rules.row_filter is
'For remap: an SQL condition on the rows that refer to target_level. An example is a type column beside an id.';
comment on column duplication.column_rules.unmapped is
'For remap: what becomes of a reference whose row is in the source''s tree and not in the copy: error, or null.';
