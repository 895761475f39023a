"""Which client version works with which backend version, and why: pure, from steps of changes and what clients are known to use.

`rules` has one row for each effect and part; `derivation` finds what touches whom; `standing` weighs several statements about one pair;
`gate` answers whether something may go out.
"""

from governance.matrix.clients import ApiVersion, Client, Coverage, Presence, Use, number_of
from governance.matrix.derivation import Derivation
from governance.matrix.gate import Answer, Question, Reason, Row, Verdict, answer
from governance.matrix.standing import Circumstances, Statement, standing
from governance.matrix.steps import Effect, Part, Step
from governance.matrix.verdicts import NOTHING_KNOWN, WORST_FIRST, Cell, Compatibility, Ruling, Source, worst

__all__ = [
    "NOTHING_KNOWN", "WORST_FIRST", "Answer", "ApiVersion", "Cell", "Circumstances", "Client", "Compatibility", "Coverage", "Derivation",
    "Effect", "Part", "Presence", "Question", "Reason", "Row", "Ruling", "Source", "Statement", "Step", "Use", "Verdict", "answer",
    "number_of", "standing", "worst",
]  # fmt: skip
