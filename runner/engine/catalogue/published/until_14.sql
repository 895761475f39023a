SELECT l.prpubid AS publication, string_agg(l.prrelid::regclass::text, ', ' ORDER BY l.prrelid::regclass::text) AS tables, NULL AS schemas
FROM pg_publication_rel l
GROUP BY l.prpubid
