"""How the foreign keys of a copy were checked."""

# what the role of a statement was when it inserted a row: the triggers of the table rest in that of a replica
WATCHED = "alter table public.blocks add role text default current_setting('session_replication_role')"
ROLES = "select array_agg(distinct role) from public.blocks where orig_id is not null"
REASON = "select payload ->> 'message' from duplication.events where payload ->> 'message' like 'Foreign keys %%'"
