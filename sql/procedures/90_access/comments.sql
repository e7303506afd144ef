-- What psql's \d+ and \df+ say. A routine's contract is the head of its body: \sf shows it.
comment on schema duplication is 'Duplicates trees of rows: plans them, then copies them level by level, in batches.';

comment on table duplication.settings is 'The installation: one row.';
comment on column duplication.settings.installation is
'Names this database in messages, so that a worker leaves alone what another database''s driver sent.';
comment on column duplication.settings.enabled is
'The feature flag: off, requests are kept and nothing is copied.';
comment on column duplication.settings.max_attempts is
'Transient failures of a duplication''s jobs, the last of which fails it.';
comment on column duplication.settings.batch_rows is 'Rows that a batch aims at; a level may have its own.';
comment on column duplication.settings.lock_timeout is
'How long a batch waits for a lock before it gives up and is tried again.';

comment on table duplication.trees is 'A tree that can be duplicated.';
comment on column duplication.trees.search_path is
'The path that the tables'' own triggers need while rows are copied.';

comment on table duplication.levels is 'A table of a tree.';
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

comment on table duplication.edges is
'How a level is reached. A level may have several edges; a row reached twice is copied once.';
comment on column duplication.edges.kind is
'below: the column is on the level and names its parent. owned: it is on the parent and names a row of the level.';
comment on column duplication.edges.row_filter is
'An SQL condition on the row that has the column, such as a type beside an id.';

comment on table duplication.column_rules is
'Exceptions to "copy the column": default (take the column''s default), keep, null, set (an expression on the source '
'row s and copy.new_key, copy.duplication_id), remap (it names rows of target_level, though no foreign key says so). '
'A rule without a level is for all that have the column; one with a level goes before it.';
comment on column duplication.column_rules.row_filter is
'For which rows it refers to target_level: a type beside an id.';
comment on column duplication.column_rules.unmapped is
'What becomes of a reference to a row of the source''s tree that is not in the copy: error, or null.';

comment on table duplication.duplications is 'One run: the copy of one root with everything below it.';
comment on column duplication.duplications.root_key is 'Key of the original, as its type writes it.';
comment on column duplication.duplications.new_root_key is 'Key of the copy; null until its root is copied.';
comment on column duplication.duplications.driven_by is
'queue: a worker drives it. caller: whoever called duplicate() does, and no worker takes it over.';
comment on column duplication.duplications.options is
'idempotency_key, overrides (column → value of the new root), trace.';
comment on column duplication.duplications.error is
'Why it failed: level, relation, sqlstate, message, detail, hint, context.';
comment on column duplication.duplications.dispatched_at is 'When its job was last sent to the queue.';

comment on table duplication.level_runs is 'A level of a run. How much is copied is the sum over its batches.';
comment on column duplication.level_runs.ordinal is 'Place in the order of copying.';
comment on column duplication.level_runs.first_number is
'The number of the level''s first row in id_map: each level of each run has 2^34 numbers of its own.';
comment on column duplication.level_runs.fingerprint is
'The table''s columns when the level was started; a change stops the run.';
comment on column duplication.level_runs.statement is 'What each batch runs.';
comment on column duplication.level_runs.mapped is 'Its rows are planned one by one.';
comment on column duplication.level_runs.late_columns is
'Columns that may name rows that are not there yet: null until the relink.';
comment on column duplication.level_runs.relinks is 'For a relink: the level whose late columns it fills.';

comment on table duplication.edge_runs is
'How far planning has come along an edge. A row of its own: each step of planning updates it, each batch reads '
'level_runs.';
comment on column duplication.edge_runs.parents_planned is 'Parents whose children are planned, in plan order.';

comment on table duplication.pieces is 'A planned range of rows that is not copied yet: what batches are made of.';
comment on column duplication.pieces.kind is
'rows: the range is of the level''s own numbers in id_map. parents: of its parents'', with all their children.';
comment on column duplication.pieces.rows is 'Rows when it was planned.';

comment on table duplication.batches is
'One transaction that copied: a run of neighbouring pieces, which it took away. While it is there, so are its rows.';
comment on column duplication.batches.batch_no is
'The number of its first piece: unique without a counter that sessions would queue for.';
comment on column duplication.batches.rows_planned is 'Rows of its pieces when they were planned.';
comment on column duplication.batches.rows is 'Rows inserted.';

comment on table duplication.id_map is
'The plan: one old key and its new key. No foreign key, for it would cost more than the row.';
comment on column duplication.id_map.number is
'Place in plan order; batches are ranges of it. Unique over all runs: a range needs no other column, and a look-up by '
'orig_key no other index, so the planner has nothing to choose wrongly.';
comment on column duplication.id_map.gone is
'The original was not there any more when its turn came: skipped, with everything below it.';

comment on table duplication.attempts is 'One delivery of one job to a worker.';
comment on column duplication.attempts.outcome is
'done, released (handed back), later (not now), stopped (the status says no), transient or lasting (errors).';

comment on table duplication.events is 'What happened: the feed for people and programs.';
comment on column duplication.events.xid is
'The transaction that wrote it. Numbers become visible out of order; a reader goes by (xid, id), below the oldest '
'transaction still running.';

comment on view duplication.progress is
'How far each duplication is, a row per level. rows_done: planned rows of its batches; rows_copied: rows inserted.';
comment on view duplication.episode_duplications is 'Duplications of episodes, for applications; progress in per cent.';

comment on procedure duplication.duplicate is
'A whole copy, now: call duplication.duplicate(''episode'', ''42''). Called again, it goes on where it stopped.';
comment on procedure duplication.duplicate_level is
'Work on one level of a duplication until it is done or the budget is spent.';
comment on procedure duplication.duplicate_episode is 'First job of the chain: plan the tree and copy the episode.';
comment on procedure duplication.duplicate_parts is 'Second job of the chain.';
comment on procedure duplication.duplicate_items is 'Third job of the chain.';
comment on procedure duplication.duplicate_blocks is 'Last job of the chain.';
comment on procedure duplication.discard is 'Delete what a duplication copied. Called again, it goes on.';
comment on function duplication.request_duplication is
'Ask for a copy, in your own transaction: select duplication.request_duplication(''episode'', ''42'').';
comment on function duplication.cancel is 'Stop a duplication at the next batch boundary.';
comment on function duplication.retry is 'Let a failed duplication go on; what was copied is kept.';
comment on function duplication.verify is 'Every difference between a copy and its source.';
comment on function duplication.copy_statement is 'The very SQL that a batch of a level runs.';
comment on function duplication.duplicate_atomically is
'A whole copy in your own transaction, all or nothing; returns the new key.';
comment on function duplication.preview is
'What a copy would do: rows, order, late columns, conflicts. Writes nothing.';
comment on function duplication.map_key is 'What a key of the source becomes in the copy, for rules that set.';
