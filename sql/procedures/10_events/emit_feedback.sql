create or replace function _duplication.emit_feedback(
    p_id bigint,
    p_stage text,
    p_message text,
    p_amount bigint default null,
    p_total bigint default null,
    p_raises_notice boolean default true
) returns void
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
-- Purpose: tell people something about a level, on the feed and as a NOTICE.
-- Parameters: p_id; p_stage, the level; p_message; p_amount and p_total, numbers of rows, if there are any;
--   p_raises_notice: false for the feed alone.
begin
    perform _duplication.emit_event(p_id, 'duplication.feedback', jsonb_strip_nulls(jsonb_build_object(
        'id', p_id, 'stage', p_stage, 'message', p_message, 'amount', p_amount, 'total', p_total
    )));
    if p_raises_notice then
        perform _duplication.raise_notice(concat_ws(' ', p_message, '(' || coalesce(p_amount, p_total) || ')'));
    end if;
end;
$$;
