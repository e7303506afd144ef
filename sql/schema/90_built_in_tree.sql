-- The tree that every installation knows: episodes, their parts, items and blocks.

insert into duplication.trees (name) values ('episode');

insert into duplication.levels (tree, name, row_name, relation, key_column, orig_column)
values
('episode', 'episodes', 'episode', 'public.episodes', 'id', 'orig_id'),
('episode', 'parts', 'part', 'public.parts', 'id', 'orig_id'),
('episode', 'items', 'item', 'public.items', 'id', 'orig_id'),
('episode', 'blocks', 'block', 'public.blocks', 'id', 'orig_id');

insert into duplication.edges (tree, level, parent_level, column_name)
values
('episode', 'parts', 'episodes', 'episode_id'),
('episode', 'items', 'parts', 'part_id'),
('episode', 'blocks', 'items', 'item_id');

insert into duplication.column_rules (tree, level, column_name, rule)
values
('episode', null, 'created_at', 'default'),
('episode', null, 'updated_at', 'default');
