"""SQL text and facts in; class, category, bump, risk and findings out. `analyse` is the one public name."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, field
from operator import attrgetter

from governance.analysis.actions import Kind
from governance.analysis.allowance import allowed
from governance.analysis.classify import Bump, Category, ChangeClass, bump_of, category_of, class_of, hardest, leading
from governance.analysis.locks import Lock, locks, strongest
from governance.analysis.nodes import Node
from governance.analysis.noticed import noticed
from governance.analysis.playing import played
from governance.analysis.risk import CALM, Circumstances, Risk, Situation, assess
from governance.analysis.rule import Finding, Level, Place, Read
from governance.analysis.rules import rules_for
from governance.analysis.scene import CREATING, Catalogue, Scene
from governance.analysis.sentence import sentence
from governance.analysis.statements import parse
from governance.analysis.surroundings import ALONE, Client, Surroundings
from governance.facts import Facts
from governance.matrix.steps import Step
from governance.orders import Script, ScriptKind, Statement
from governance.values import dataclass, replace

__all__ = [
    "Analysis", "Change", "Client", "Examined", "Scene", "StatementReport", "Surroundings", "analyse", "examine", "examine_in", "left_by",
]  # fmt: skip

WHERE = attrgetter("line", "column")  # of a finding
NOTHING = Read((), ())
WRITING = frozenset({Kind.INSERT, Kind.INSERT_VALUES, Kind.UPDATE, Kind.DELETE, Kind.MERGE, Kind.COPY, Kind.TRUNCATE, Kind.OPAQUE})
MAKING = CREATING | {Kind.CREATE_VIEW}
VALIDATED = frozenset({Kind.ADD_CHECK, Kind.ADD_FOREIGN_KEY, Kind.ADD_NOT_NULL, Kind.VALIDATE_CONSTRAINT})
REMOVING = frozenset({Kind.DROP_TABLE, Kind.DROP_VIEW, Kind.RENAME_TABLE, Kind.SET_SCHEMA})


@dataclass(frozen=True)
class Change:
    """What is to be analysed: the scripts of one phase, and what its author says of them."""

    scripts: tuple[Script, ...]
    category: str = ""
    data_class: str = ""
    irreversible: bool = False
    rehearsed: bool = False
    situation: Situation = CALM
    guarded: bool = True  # the runner executes it: one transaction per script, bounded lock waits, a ledger
    trees: Mapping[str, tuple[Node, ...]] = field(default_factory=dict, compare=False)  # by script, of those that are parsed already


@dataclass(frozen=True)
class StatementReport:
    script: str
    line: int
    statement: str
    tag: str
    change_class: ChangeClass
    category: Category
    locks: tuple[Lock, ...]
    rewrite: bool
    scan: bool
    tables: tuple[str, ...]
    writes_rows: bool = False
    column: int = 1


@dataclass(frozen=True)
class Examined:
    """What is to be said of single statements."""

    forward: Read
    statements: tuple[StatementReport, ...]
    undoing: tuple[StatementReport, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Analysis:
    change_class: ChangeClass
    category: Category
    bump: Bump
    risk: Risk
    sentence: str
    statements: tuple[StatementReport, ...]
    findings: tuple[Finding, ...]
    tables: tuple[str, ...]
    domains: tuple[str, ...]
    created: tuple[str, ...] = ()  # of the tables, those that the change makes,
    removed: tuple[str, ...] = ()  # those that are not there under this name afterwards,
    written: tuple[str, ...] = ()  # those whose rows it writes,
    secured: tuple[str, ...] = ()  # and those whose owner, grants or policies it changes
    constraints: tuple[str, ...] = ()  # that it adds or validates: "schema.table.constraint"
    undoing: tuple[StatementReport, ...] = ()  # the statements of the rollback scripts
    situation: Situation = CALM
    largest: int | None = None  # bytes of the largest table that it touches, as far as facts are known
    steps: tuple[Step, ...] = ()  # what those who use the database notice

    @property
    def blocking(self) -> frozenset[str]:
        return frozenset(finding.code for finding in self.findings if finding.level is Level.BLOCKING)

    def as_json(self) -> dict[str, object]:
        """Plain lists, dictionaries, strings, numbers and booleans."""
        statements = [_statement_as_json(report) for report in self.statements]
        steps = [step.as_json() for step in self.steps]
        return {**_as_plain(asdict(self)), "statements": statements, "blocking": sorted(self.blocking), "steps": steps}


def analyse(change: Change, facts: Facts | None, surroundings: Surroundings = ALONE) -> Analysis:
    """Forward scripts decide class, category and bump; rollback scripts have findings only.

    Raises UnparsableScript for a statement that the grammar does not accept.
    """
    examined = examine(change, facts, surroundings)
    forward, reports, findings = examined.forward, examined.statements, examined.findings
    all_actions = tuple(place.action for place in forward.places)
    classes = tuple(map(class_of, all_actions))
    tables = _unique(table for report in reports for table in report.tables)
    circumstances = Circumstances(change.data_class, change.irreversible, change.rehearsed, change.situation)
    return Analysis(
        change_class=hardest(classes),
        category=leading(all_actions),
        bump=bump_of(classes),
        risk=assess(reports, findings, facts, circumstances),
        sentence=sentence(all_actions),
        statements=reports,
        findings=findings,
        tables=tables,
        domains=tuple(sorted({surroundings.domains[table] for table in tables if table in surroundings.domains})),
        situation=change.situation,
        largest=max((table.bytes for table in facts.tables if table.identity in tables), default=0) if facts else None,
        created=_unique(place.identity for place in forward.of(*MAKING) if place.facts is None),
        removed=_touched(forward, REMOVING),
        written=_touched(forward, WRITING),
        secured=_unique(table for report in reports if report.category is Category.PERMISSION_SECURITY for table in report.tables),
        undoing=examined.undoing,
        steps=noticed(forward.places),
        constraints=_unique(f"{place.identity}.{place.action.name}" for place in forward.of(*VALIDATED) if place.action.name),
    )


def examine(change: Change, facts: Facts | None, surroundings: Surroundings = ALONE) -> Examined:
    """Statement by statement; what follows from them for the change as a whole is for `analyse` to say. Raises like it."""
    return examine_in(change, Scene(Catalogue.of(facts)), surroundings)


def examine_in(change: Change, before: Scene, surroundings: Surroundings = ALONE) -> Examined:
    """Where other changes have been before, whose scene this is: see `left_by`."""
    forward = _read(change, ScriptKind.FORWARD, before, surroundings)
    undoing = any(script.kind == ScriptKind.ROLLBACK for script in change.scripts)
    rollback = _read(change, ScriptKind.ROLLBACK, left_by(forward, before).in_use(), surroundings) if undoing else NOTHING
    forward = replace(forward, undone_by=rollback)
    findings = (*_findings(forward, ScriptKind.FORWARD), *_findings(rollback, ScriptKind.ROLLBACK))
    return Examined(forward, _reports(forward), _reports(rollback), findings)


def _read(change: Change, kind: ScriptKind, scene: Scene, surroundings: Surroundings) -> Read:
    """Rollback scripts from the last to the first, as they are executed."""
    scripts = tuple(script for script in change.scripts if script.kind == kind)
    executed = scripts[::-1] if kind is ScriptKind.ROLLBACK else scripts
    trees = (((script, statement), statement.text, node) for script in executed for statement, node in _trees(script, change.trees))
    places: list[Place] = []
    for (script, statement), node, action, now in played(trees, scene):
        held, identity = locks(action, now.during(action)), now.identity(action.relation)
        places.append(Place(script, statement, action, now, held, node, identity, now.has_made(identity), len(places)))
    return Read(scripts, tuple(places), change.category, change.guarded, surroundings)


def left_by(read: Read, before: Scene) -> Scene:
    """The scene behind the last statement."""
    return read.places[-1].scene.after(read.places[-1].action) if read.places else before


def _trees(script: Script, known: Mapping[str, tuple[Node, ...]]) -> Iterator[tuple[Statement, Node]]:
    """Of the whole script at once, which is quicker; a script that was not split as it stands is read statement by statement."""
    nodes = known[script.name] if script.name in known else parse(script.text, script.name)
    if len(nodes) != len(script.statements):
        nodes = tuple(node for statement in script.statements for node in parse(statement.text, script.name)[:1])
    return zip(script.statements, nodes, strict=True)


def _findings(read: Read, kind: ScriptKind) -> tuple[Finding, ...]:
    """In the order of the scripts, and in them from the first line to the last."""
    if not read.scripts:
        return ()
    found = allowed([rule.finding(hit) for rule in rules_for(read, kind) for hit in rule.check(read)], read.scripts)
    found.sort(key=WHERE)
    if len(read.scripts) > 1:
        order = {script.name: position for position, script in enumerate(read.scripts)}
        found.sort(key=lambda finding: order[finding.script])
    return tuple(found)


def _reports(read: Read) -> tuple[StatementReport, ...]:
    return tuple(map(_report, read.by_statement))


def _report(places: list[Place]) -> StatementReport:
    found = list(map(_report_of_one, places))
    return found[0] if len(found) == 1 else _together(found, places)


def _report_of_one(place: Place) -> StatementReport:
    statement, action, identity = place.statement, place.action, place.identity
    return StatementReport(  # by keyword it would take three times as long
        place.script.name,
        statement.line,
        statement.text,
        statement.tag,
        class_of(action),
        category_of(action),
        place.locks,
        place.rewrites,
        place.scans,
        (identity,) if identity else (),
        action.kind in WRITING,
        statement.column,
    )


def _together(reports: list[StatementReport], places: list[Place]) -> StatementReport:
    """Of a statement that does several things."""
    return replace(
        reports[0],
        change_class=hardest(report.change_class for report in reports),
        category=leading(place.action for place in places),
        locks=strongest(lock for report in reports for lock in report.locks),
        rewrite=any(report.rewrite for report in reports),
        scan=any(report.scan for report in reports),
        tables=_unique(table for report in reports for table in report.tables),
        writes_rows=any(report.writes_rows for report in reports),
    )


def _touched(read: Read, kinds: Iterable[Kind]) -> tuple[str, ...]:
    return _unique(place.identity for place in read.of(*kinds))


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, dict.fromkeys(names)))


def _statement_as_json(report: StatementReport) -> dict[str, object]:
    return {**_as_plain(asdict(report)), "locks": [{**_as_plain(asdict(lock)), "blocks": lock.blocks} for lock in report.locks]}


def _as_plain(values: Mapping[str, object]) -> dict[str, object]:
    return {key: _plain(value) for key, value in values.items()}


def _plain(value: object) -> object:
    match value:
        case dict():
            return _as_plain(value)
        case list() | tuple():
            return [_plain(item) for item in value]
        case str():
            return str(value)
    return value
