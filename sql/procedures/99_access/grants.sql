-- Who may do what. Only the owner has rights at first. An application needs USAGE on the schema duplication,
-- SELECT on its views, and EXECUTE on request_duplication, cancel, retry and read_events, which run with the owner's
-- rights. Only workers and administrators need _duplication.
revoke all on schema duplication, _duplication from public;
revoke all on all routines in schema duplication, _duplication from public;
revoke all on all tables in schema duplication, _duplication from public;
