create or replace function _duplication.status_after(p_status text, p_action text) returns text
language sql immutable parallel safe
-- Purpose: the status that follows an action.
-- Parameters: p_status; p_action: start, complete, fail, cancel, retry, discard or finish_discard.
-- Returns: null where the status does not allow the action.
return _duplication.statuses() -> p_status ->> p_action;
