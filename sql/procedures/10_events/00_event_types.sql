-- Purpose: the list of event types. emit_event refuses any other type. Add a new type here and to the table in
-- docs/http.md.
create or replace view duplication.event_types as
select
    t.type,
    t.meaning,
    t.fields,
    t.optional_fields
from (
    values
    (
        'duplication.requested', 'a copy was asked for',
        jsonb '{"id": "the duplication", "tree": "the tree", "key": "key of the original root"}', jsonb '{}'
    ),
    (
        'duplication.started', 'its work began, also after a retry',
        '{"id": "the duplication", "startedAt": "when it began first"}', '{}'
    ),
    (
        'duplication.feedback', 'something about a level, for people',
        '{"id": "the duplication", "stage": "the level", "message": "what there is to say"}',
        '{"amount": "rows that it is about", "total": "rows of the level"}'
    ),
    (
        'duplication.progress', 'how far a level is: twice a second at most, and at its end',
        '{"id": "the duplication", "stage": "the level", "amount": "rows done", "total": "rows planned"}', '{}'
    ),
    (
        'duplication.waiting', 'its job waits',
        '{"id": "the duplication", "reason": "why, for people", "until": "when it is tried again"}', '{}'
    ),
    (
        'duplication.backfilling', 'deferred columns of a level begin to be filled',
        '{"id": "the duplication", "stage": "the level", "total": "rows to fill"}', '{}'
    ),
    (
        'duplication.failed', 'it failed and can be retried',
        '{"id": "the duplication", "errorCode": "the SQLSTATE", "message": "the error"}', '{}'
    ),
    ('duplication.retried', 'it goes on', '{"id": "the duplication", "retriedAt": "when it was asked for"}', '{}'),
    (
        'duplication.cancelled', 'it was cancelled',
        '{"id": "the duplication", "cancelledAt": "when it was asked for"}', '{}'
    ),
    (
        'duplication.completed', 'the copy is complete',
        '{"id": "the duplication", "newEpisodeId": "key of the copy; named after its row_name", "completedAt": "when"}',
        '{}'
    ),
    ('duplication.discarding', 'the copy begins to be deleted', '{"id": "the duplication"}', '{}'),
    ('duplication.discarded', 'the copy is deleted', '{"id": "the duplication", "discardedAt": "when"}', '{}'),
    (
        'reset',
        'of no duplication, and not stored: what the reader missed is not known any more; it loads its state anew',
        '{}', '{}'
    )
) as t (type, meaning, fields, optional_fields);
comment on view duplication.event_types is
'The types of events and their meanings. Example: select type, meaning, fields from duplication.event_types;';
comment on column duplication.event_types.type is 'The value of events.type, which read_events returns.';
comment on column duplication.event_types.meaning is 'What happened.';
comment on column duplication.event_types.fields is
'The fields of every payload: name → meaning. Times are texts, as in ISO 8601.';
comment on column duplication.event_types.optional_fields is 'Fields that a payload may also have: name → meaning.';
