"""Questions to the catalogue, as SQL: each is asked as it stands. `on` says about which tables."""

from collections.abc import Iterable

from governance.validation.shapes import literal


def on(query: str, names: Iterable[str]) -> str:
    return query.replace(":names", ", ".join(map(literal, names)))


INVALID_INDEXES = """\
SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"""

UNVALIDATED = """\
SELECT conrelid::regclass, conname FROM pg_constraint
JOIN pg_class ON pg_class.oid = conrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE NOT convalidated AND nspname || '.' || relname || '.' || conname IN (:names)"""

# A foreign key is a pair of internal triggers on each side; DISABLE TRIGGER ALL switches them off.
DISABLED_FOREIGN_KEYS = """\
SELECT tgrelid::regclass, tgconstraint FROM pg_trigger
JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE tgisinternal AND tgenabled = 'D' AND nspname || '.' || relname IN (:names) ORDER BY 1, 2"""

DISABLED_TRIGGERS = """\
SELECT tgrelid::regclass, tgname FROM pg_trigger
JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE NOT tgisinternal AND tgenabled = 'D' AND nspname || '.' || relname IN (:names) ORDER BY 1, 2"""

PRIVILEGES = """\
SELECT md5(string_agg(concat_ws(' ', nspname, relname, relowner::regrole, relacl::text, relrowsecurity, relforcerowsecurity,
                                policies, acls),
                      E'\\n' ORDER BY nspname, relname))
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
LEFT JOIN LATERAL (
    SELECT string_agg(concat_ws(' ', polname, polcmd, polpermissive, polroles::text, pg_get_expr(polqual, polrelid),
                                pg_get_expr(polwithcheck, polrelid)), E'\\n' ORDER BY polname) AS policies
    FROM pg_policy WHERE polrelid = pg_class.oid
) AS of_table ON true
LEFT JOIN LATERAL (
    SELECT string_agg(concat_ws(' ', attname, attacl::text), E'\\n' ORDER BY attname) AS acls
    FROM pg_attribute WHERE attrelid = pg_class.oid AND attacl IS NOT NULL AND NOT attisdropped
) AS of_columns ON true
WHERE nspname || '.' || relname IN (:names)"""

# What this session's own transaction has done, exactly and at no cost; other people's writes do not count.
# https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-STATS-VIEWS
OWN_INSERTS_AND_DELETES = """\
SELECT schemaname, relname, n_tup_ins, n_tup_del FROM pg_stat_xact_user_tables
WHERE n_tup_ins + n_tup_del > 0 AND schemaname || '.' || relname IN (:names)"""

OWN_UPDATES = """\
SELECT schemaname, relname, n_tup_upd FROM pg_stat_xact_user_tables
WHERE n_tup_upd > 0 AND schemaname || '.' || relname IN (:names)"""
