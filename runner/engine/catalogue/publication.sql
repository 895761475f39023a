SELECT 'publication', 'pg_publication'::regclass, p.oid, 0, quote_ident(p.pubname), '', jsonb_build_object(
    'owner', pg_get_userbyid(p.pubowner),
    'all tables', CASE WHEN p.puballtables THEN 'yes' END,
    'operations', concat_ws(', ',
        CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
        CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END),
    'via root', CASE WHEN p.pubviaroot THEN 'yes' END,
    'tables', tables.names
)
FROM pg_publication p
LEFT JOIN (
    -- Row filters and column lists came with PostgreSQL 15.
    SELECT v.pubname, string_agg(format('%I.%I', v.schemaname, v.tablename) || coalesce(columns.names, '')
                                 || coalesce(' where ' || (to_jsonb(v) ->> 'rowfilter'), ''),
                                 ', ' ORDER BY v.schemaname, v.tablename) AS names
    FROM pg_publication_tables v
    JOIN pg_publication q ON q.pubname = v.pubname AND NOT q.puballtables
    LEFT JOIN pg_publication_rel l ON l.prpubid = q.oid AND l.prrelid = format('%I.%I', v.schemaname, v.tablename)::regclass
    LEFT JOIN LATERAL (
        SELECT format(' (%s)', string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)) AS names
        FROM jsonb_array_elements_text(nullif(to_jsonb(l) -> 'prattrs', 'null')) number
        JOIN pg_attribute a ON a.attrelid = l.prrelid AND a.attnum = number::int
        HAVING count(*) > 0
    ) columns ON true
    GROUP BY v.pubname
) tables ON tables.pubname = p.pubname
