SELECT p.oid AS publication, (
    SELECT string_agg(l.prrelid::regclass::text || coalesce(columns.names, '') || coalesce(' WHERE ' || pg_get_expr(l.prqual, l.prrelid), ''),
                      ', ' ORDER BY l.prrelid::regclass::text)
    FROM pg_publication_rel l
    LEFT JOIN LATERAL (
        SELECT format(' (%s)', string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)) AS names
        FROM pg_attribute a
        WHERE a.attrelid = l.prrelid AND a.attnum = ANY (l.prattrs)
        HAVING count(*) > 0
    ) columns ON true
    WHERE l.prpubid = p.oid
) AS tables, (
    SELECT string_agg(n.pnnspid::regnamespace::text, ', ' ORDER BY n.pnnspid::regnamespace::text)
    FROM pg_publication_namespace n
    WHERE n.pnpubid = p.oid
) AS schemas
FROM pg_publication p
