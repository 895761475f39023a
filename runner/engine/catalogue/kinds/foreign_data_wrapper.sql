SELECT 'foreign data wrapper', 'pg_foreign_data_wrapper'::regclass, w.oid, 0, quote_ident(w.fdwname), '', jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(w.fdwowner)),
    'handler', CASE WHEN w.fdwhandler <> 0 THEN w.fdwhandler::regproc::text END,
    'validator', CASE WHEN w.fdwvalidator <> 0 THEN w.fdwvalidator::regproc::text END,
    'options', (SELECT string_agg(item, E'\n' ORDER BY item) FROM unnest(w.fdwoptions) item)
)
FROM pg_foreign_data_wrapper w
