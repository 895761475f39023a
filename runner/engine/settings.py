"""What scripts do to the settings of the session that they share with us."""

from collections.abc import Mapping

from governance.analysis.statements import parse
from governance.orders import Script, Statement

MAY_SET = frozenset({"SET", "SELECT", "DO", "CALL"})  # tags; SELECT set_config(…) too
GIVEN_BACK = frozenset({"VAR_RESET", "VAR_SET_DEFAULT"})


def leaves_settings(script: Script) -> bool:
    """Whether settings, or another role, may stand behind it that no later script and no check has asked for."""
    return any(statement.tag in MAY_SET for statement in script.statements)


def given_back(statement: Statement, ours: Mapping[str, str]) -> Mapping[str, str]:
    """Those of our settings that a RESET, or SET … TO DEFAULT, takes back to the server's, where no limit may be left."""
    if statement.tag != "SET":
        return {}
    [node] = parse(statement.text)
    if node.kind == "VAR_RESET_ALL":
        return ours
    return {node.name: ours[node.name]} if node.kind in GIVEN_BACK and node.name in ours else {}
