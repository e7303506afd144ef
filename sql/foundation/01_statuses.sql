create or replace function _duplication.statuses() returns jsonb
language sql immutable parallel safe
-- Purpose: the statuses of a duplication, what each one is, and which status follows which action. All else asks here.
-- Returns: status → the actions that it allows, each with the status that follows, and `is`, its traits:
--   active: it waits for a worker, or is at work; startable: no step was made since it was asked for, or retried;
--   copying: a step was made; unfinished: something is going to happen to it by itself; whole: the copy is complete;
--   has_copy: there is a copy, whole or in part; has_error: it waits for a person; given_up: somebody has stopped it;
--   being_deleted: its copy is; deleted: its copy was; over: nothing is left to be done.
-- No SET clause, and a body that is parsed once: the planner inlines it, also in a column that is generated from it.
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
