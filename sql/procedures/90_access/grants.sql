-- Who may do what. Nothing is granted to anybody but the owner: USAGE on the schema, SELECT on the views and EXECUTE on
-- request_duplication, cancel, retry and read_events (which run with the owner's rights) are what an application needs.
revoke all on schema duplication from public;
revoke all on all routines in schema duplication from public;
revoke all on all tables in schema duplication from public;
