SELECT 'privileges', 'pg_init_privs'::regclass, row_number() OVER (ORDER BY o.type, o.identity)::oid, 0,
       format('on %s %s', o.type, o.identity), '', jsonb_build_object('given', c.grants, 'withdrawn', c.revoked)
FROM granted c, LATERAL pg_identify_object(c.class, c.oid, c.sub) o
-- What is said of the information schema is no part of a dump either.
WHERE c.alien AND o.identity !~ '^information_schema(\.|$)'
