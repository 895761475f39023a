SELECT 'event trigger', 'pg_event_trigger'::regclass, e.oid, 0, quote_ident(e.evtname), '', jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(e.evtowner)),
    'event', e.evtevent,
    'function', e.evtfoid::regprocedure::text,
    'tags', (SELECT string_agg(tag, ', ' ORDER BY tag) FROM unnest(e.evttags) tag),
    'enabled', CASE e.evtenabled WHEN 'O' THEN NULL WHEN 'D' THEN 'no' WHEN 'R' THEN 'on replicas' ELSE 'always' END
)
FROM pg_event_trigger e
