create or replace function _duplication.statuses() returns jsonb
language sql immutable parallel safe
-- Purpose: the statuses of a duplication, their traits, and which status follows which action. Nothing else decides it.
-- Returns: status → an object. Each action that the status allows has the status that follows; `is` lists the traits.
--   active: the duplication waits for a worker or is at work; startable: no step was made since the request, or retry;
--   copying: a step was made; unfinished: the engine still has work to do; whole: the copy is complete;
--   has_copy: copied rows may exist; has_error: it failed and waits for a person; given_up: it was cancelled;
--   being_deleted: the copy is being deleted; deleted: the copy was deleted; over: no work is left.
-- There is no SET clause and the body is parsed once, so the planner inlines it, also in a generated column.
return '{
    "pending": {
        "is": ["active", "startable", "unfinished"],
        "start": "in_progress", "complete": "completed", "fail": "failed", "cancel": "cancelled"
    },
    "in_progress": {
        "is": ["active", "unfinished", "copying", "has_copy"],
        "complete": "completed", "fail": "failed", "cancel": "cancelled"
    },
    "completed": {"is": ["whole", "has_copy", "over"], "discard": "discarding"},
    "failed": {"is": ["has_error", "has_copy"], "retry": "pending", "discard": "discarding"},
    "cancelled": {"is": ["given_up", "has_copy"], "discard": "discarding"},
    "discarding": {"is": ["being_deleted", "unfinished"], "discard": "discarding", "finish_discard": "discarded"},
    "discarded": {"is": ["deleted", "over"]}
}'::jsonb;
