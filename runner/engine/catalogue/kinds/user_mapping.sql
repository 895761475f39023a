-- From the view, which everybody may read; without options, which hold passwords.
SELECT 'user mapping', 'pg_user_mapping'::regclass, m.umid, 0,
       format('FOR %s SERVER %I', CASE m.umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(m.usename) END, m.srvname),
       quote_ident(m.srvname), '{}'::jsonb
FROM pg_user_mappings m
