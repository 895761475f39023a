SELECT 'text search dictionary', 'pg_ts_dict'::regclass, d.oid, 0, d.oid::regdictionary::text, s.name, jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(d.dictowner)),
    'template', (SELECT format('%I.%I', n.nspname, t.tmplname) FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace
                 WHERE t.oid = d.dicttemplate),
    'options', d.dictinitoption
)
FROM pg_ts_dict d
JOIN space s ON s.oid = d.dictnamespace
UNION ALL
SELECT 'text search configuration', 'pg_ts_config'::regclass, c.oid, 0, c.oid::regconfig::text, s.name, jsonb_build_object(
    'owner', quote_ident(pg_get_userbyid(c.cfgowner)),
    'parser', (SELECT format('%I.%I', n.nspname, p.prsname) FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace
               WHERE p.oid = c.cfgparser),
    'mappings', (
        SELECT string_agg(format('%s with %s', token, dictionaries), E'\n' ORDER BY token)
        FROM (
            SELECT quote_ident(t.alias) AS token, string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno) AS dictionaries
            FROM pg_ts_config_map m
            JOIN ts_token_type(c.cfgparser) t ON t.tokid = m.maptokentype
            WHERE m.mapcfg = c.oid
            GROUP BY t.alias
        ) mapping
    )
)
FROM pg_ts_config c
JOIN space s ON s.oid = c.cfgnamespace
UNION ALL
SELECT 'text search parser', 'pg_ts_parser'::regclass, p.oid, 0, format('%s.%I', s.name, p.prsname), s.name, jsonb_build_object(
    'start', p.prsstart::regproc::text,
    'gettoken', p.prstoken::regproc::text,
    'end', p.prsend::regproc::text,
    'lextypes', p.prslextype::regproc::text,
    'headline', CASE WHEN p.prsheadline <> 0 THEN p.prsheadline::regproc::text END
)
FROM pg_ts_parser p
JOIN space s ON s.oid = p.prsnamespace
UNION ALL
SELECT 'text search template', 'pg_ts_template'::regclass, t.oid, 0, format('%s.%I', s.name, t.tmplname), s.name, jsonb_build_object(
    'init', CASE WHEN t.tmplinit <> 0 THEN t.tmplinit::regproc::text END,
    'lexize', t.tmpllexize::regproc::text
)
FROM pg_ts_template t
JOIN space s ON s.oid = t.tmplnamespace
