"""What people write in the further stories: an urgent change, a template of a standard one, and a rule of the policy."""

from typing import Any

from governance.specification import Specification
from governance.workflow import ScriptFile

FIX = Specification(
    title="Bids that are over are found by an index",
    purpose="Withdraw bids that are over without reading all of them.",
    drivers="Since 02:10 the job that withdraws them holds up everybody who bids.",
    design="A partial index, built concurrently: nobody waits for it.",
    risk_assessment="Low: nothing that is there changes.",
    mitigation="Built concurrently, with a short lock timeout.",
    rollback_procedure="Drop the index.",
    data_class="internal",
    privacy_impact="None: no new data is kept.",
    domains=("bidding",),
)
FORWARD = """\
-- Purpose: Withdraw bids that are over without reading all of them.
-- Impact: Reads bids twice; blocks nobody.

CREATE INDEX CONCURRENTLY bids_over_idx ON bids (valid_until) WHERE status = 'submitted';
"""
ROLLBACK = """\
-- Purpose: Take the index away again.
-- Impact: The job reads all bids again; blocks nobody.

DROP INDEX CONCURRENTLY bids_over_idx;
"""
CHECKS = """\
-- check: as many bids as before
-- question: completeness
-- expect: unchanged
SELECT count(*) FROM bids;
"""
FIX_FILES = (
    ScriptFile("V20261126_0230__index_bids_that_are_over.sql", FORWARD),
    ScriptFile("R20261126_0230__rollback_index_bids_that_are_over.sql", ROLLBACK),
    ScriptFile("C20261126_0230__checks_index_bids_that_are_over.sql", CHECKS),
)
ADD_SKILL = """\
-- Purpose: One skill more to choose from.
-- Impact: One row; blocks nobody.

INSERT INTO skills (name) VALUES ({{ name }});
"""
REMOVE_SKILL = """\
-- Purpose: Take the skill away again.
-- Impact: One row; blocks nobody.

DELETE FROM skills WHERE name = {{ name }};
"""
SKILL_IS_THERE = """\
-- check: the skill is there
-- question: completeness
-- moment: after
-- expect: rows
SELECT 1 FROM skills WHERE name = {{ name }};
"""
TEMPLATE: dict[str, Any] = {
    "name": "Add a skill",
    "purpose": "A skill that contractors can name. One row in a table that only grows: harmless whatever its name.",
    "forward": ADD_SKILL,
    "rollback": REMOVE_SKILL,
    "checks": SKILL_IS_THERE,
    "parameters": [{"name": "name", "kind": "text", "minimum": 3, "maximum": 40}],
}
RULE = {"kind": "dba", "people": 1, "why": "a DBA reads what removes something", "when": {"classes": ["removal"]}}
