"""All rules, in the order in which their findings are listed for one statement."""

from governance.analysis.rule import Rule
from governance.analysis.rules import columns, constraints, data, indexes, scripts, security, tables

RULES: tuple[Rule, ...] = (
    indexes.create_index_not_concurrently,
    columns.set_not_null_scans,
    columns.column_type_rewrites,
    columns.add_column_rewrites,
    columns.add_required_column,
    columns.drop_column,
    constraints.add_foreign_key_scans,
    constraints.add_check_scans,
    constraints.add_unique_builds_index,
    tables.drop_table,
    tables.rename_breaks_clients,
    data.whole_table_update,
    data.truncate_loses_rows,
    security.weakens_security,
    scripts.opaque_statement,
    scripts.category_differs,
    scripts.missing_purpose_header,
)
