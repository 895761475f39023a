SELECT identity AS on, rulename AS name, pg_get_ruledef(pg_rewrite.oid) AS definition
FROM pg_rewrite JOIN relation ON relation.oid = ev_class
WHERE rulename <> '_RETURN' ORDER BY 1, 2
