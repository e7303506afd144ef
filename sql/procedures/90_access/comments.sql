-- What psql's \d+ and \df+ say. A routine's contract is the head of its body: \sf shows it.
comment on schema duplication is 'Duplicates trees of rows: plans them, then copies them level by level, in batches.';

comment on table duplication.settings is 'The installation: one row.';
comment on column duplication.settings.installation is
'Names this database in messages, so that a worker leaves alone what another database''s driver sent.';
comment on column duplication.settings.enabled is
'The feature flag: off, requests are kept and nothing is copied.';
comment on column duplication.settings.max_attempts is
'Transient failures of a job without a batch copied in between, the last of which fails the duplication.';
comment on column duplication.settings.batch_rows is
'Rows that a level''s first batch aims at; a level may have its own.';
comment on column duplication.settings.target_batch_ms is
'How long a transaction that copies or plans should last; the next batches are bigger or smaller for it. Null: all aim '
'at batch_rows.';
comment on column duplication.settings.max_batch_rows is
'Rows that no batch is to have more of, however quick it is.';
comment on column duplication.settings.lock_timeout is
'How long a batch waits for a lock before it gives up and is tried again.';
comment on column duplication.settings.foreign_keys_per_set is
'From how many rows of a batch on its foreign keys are checked all at once, where per_row_reason() has nothing against '
'it. Null: never, but by the triggers, for each row.';
comment on column duplication.settings.max_active is
'Duplications at work at a time, over all workers; no more jobs than that are in the queue.';
comment on column duplication.settings.active_wait is 'How long a job waits that has found all places taken.';
comment on column duplication.settings.lease is
'How long a worker may be silent before its job is taken over; at once where its backend is seen to be gone.';
comment on column duplication.settings.resend_after is
'How long a job is on its way before it may count as lost in the queue.';
comment on column duplication.settings.disabled_wait is 'How long a job waits while duplication is switched off.';
comment on column duplication.settings.load_wait is 'How long a job waits while a load signal is above its threshold.';
comment on column duplication.settings.max_cpu_percent is
'Threshold for the CPU of the database''s machine, as CloudWatch knows it; null: not looked at. So for all thresholds.';
comment on column duplication.settings.max_replication_lag is 'Threshold for the standby furthest behind in replaying.';
comment on column duplication.settings.max_active_sessions is 'Threshold for sessions running a statement.';
comment on column duplication.settings.max_waiting_sessions is 'Threshold for sessions waiting for a lock.';
comment on column duplication.settings.max_archive_backlog is 'Threshold for WAL segments that wait to be archived.';
comment on column duplication.settings.throttle_failures is
'Transient failures of one tree within throttle_window that hold its jobs back until the window has passed.';
comment on column duplication.settings.discard_failed_after is
'How long after it has failed a copy is discarded by itself; null: never. So for all of these.';
comment on column duplication.settings.discard_cancelled_after is
'How long after it was cancelled a copy is discarded.';
comment on column duplication.settings.purge_after is
'How long after a duplication is completed or discarded its plan is deleted, which verify and discard need.';
comment on column duplication.settings.purge_events_after is 'How long events are kept.';

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

comment on table duplication.compiled_trees is
'What a tree comes to, read from the catalog when something of it had changed. The fingerprint is of all that was '
'read.';
comment on table duplication.compiled_levels is
'A level of a compiled tree: its place, and the statements that copy it.';
comment on column duplication.compiled_levels.fingerprint is
'What the catalog said of its table: relation_fingerprint.';
comment on table duplication.compiled_edges is 'An edge of a compiled tree, and the statement that plans along it.';
comment on column duplication.compiled_edges.carrier is
'The level by whose numbers it is followed: see edge_carrier().';

comment on table duplication.duplications is 'One run: the copy of one root with everything below it.';
comment on column duplication.duplications.root_key is 'Key of the original, as its type writes it.';
comment on column duplication.duplications.new_root_key is 'Key of the copy; null until its root is copied.';
comment on column duplication.duplications.driven_by is
'queue: a worker drives it. caller: whoever called duplicate() does, and no worker takes it over.';
comment on column duplication.duplications.options is
'idempotency_key, overrides (column → value of the new root), trace.';
comment on column duplication.duplications.error is
'Why it failed: level, relation, sqlstate, message, detail, hint, context.';
comment on column duplication.duplications.dispatched_at is
'When its job was last sent to the queue; null if it is to be sent.';
comment on column duplication.duplications.not_before is 'When its job is sent again, if it waits.';
comment on column duplication.duplications.waiting_reason is 'Why it waits, for people.';
comment on column duplication.duplications.purged_at is
'When the last of its plan was deleted, as settings.purge_after says. Its copy stays.';

comment on table duplication.level_runs is
'A level of a run. How much is copied is the sum over its batches, and what purged_… say of those deleted since.';
comment on column duplication.level_runs.ordinal is 'Place in the order of copying.';
comment on column duplication.level_runs.first_number is
'The number of the level''s first row in id_map: each level of each run has 2^34 numbers of its own.';
comment on column duplication.level_runs.fingerprint is
'The table''s columns when the level was started; a change stops the run.';
comment on column duplication.level_runs.statement is 'What each batch runs.';
comment on column duplication.level_runs.relation is 'Its table when the statement was compiled.';
comment on column duplication.level_runs.compiled_from is
'The fingerprint that the statement was compiled from; null if it is, or has to be, one for this run alone.';
comment on column duplication.level_runs.per_row_reason is
'Why its foreign keys are checked row by row although the settings ask for sets.';
comment on column duplication.level_runs.mapped is 'Its rows are planned one by one.';
comment on column duplication.level_runs.late_columns is
'Columns that may name rows that are not there yet: null until the relink.';
comment on column duplication.level_runs.relinks is 'For a relink: the level whose late columns it fills.';
comment on column duplication.level_runs.purged_batches is 'Batches that a purge has deleted.';
comment on column duplication.level_runs.purged_rows_planned is 'Their rows when they were planned.';
comment on column duplication.level_runs.purged_rows is 'The rows that they inserted.';

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
comment on column duplication.batches.aimed_rows is
'How many rows it was to have; the pieces that were left may be fewer.';
comment on column duplication.batches.reason is 'Why it was to be that big: see aim_batch().';

comment on table duplication.id_map is
'The plan: one old key and its new key. No foreign key, for it would cost more than the row.';
comment on column duplication.id_map.run is
'Whose plan: the id in level_runs. Runs come one after the other, and so do the entries of the index by original key.';
comment on column duplication.id_map.number is
'Place in plan order; batches are ranges of it. Unique over all runs: a range needs no other column, and a look-up by '
'orig_key no other index, so the planner has nothing to choose wrongly.';
comment on column duplication.id_map.gone is
'The original was not there any more when its turn came: skipped, with everything below it.';

comment on table duplication.attempts is 'One delivery of one job to a worker.';
comment on column duplication.attempts.outcome is
'done, released (handed back), later (not now), stopped (nothing to do), transient or lasting (errors), lost (its '
'session was gone, or silent for longer than its lease).';
comment on column duplication.attempts.reason is 'Why it was later or stopped, for people.';
comment on column duplication.attempts.lease_ends_at is
'Until when its session counts as at work; each call renews it.';
comment on column duplication.attempts.asked_to_stop is 'Its worker wants to end: the call returns at the next step.';

comment on table duplication.feed is
'How far the feed was purged: one row. A reader whose cursor is older starts anew.';
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
comment on procedure duplication.purge is
'Delete what the settings say is old: plans and events. Called again, it goes on.';
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
