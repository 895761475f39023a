"""The walls of the house: who may import whom, however the import is written."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("portal", "governance", "runner")
PURE = (
    "governance/analysis/", "governance/schema/", "governance/patterns/", "governance/lifecycle.py", "governance/acts.py",
    "governance/orders.py", "governance/facts.py", "governance/digest.py", "governance/policy/", "governance/windows.py",
    "governance/recurrence.py", "governance/collisions.py", "governance/sequence.py", "governance/refused_bookings.py",
    "governance/versions.py", "governance/matrix/", "governance/rehearsals.py", "governance/forecast.py", "governance/belief.py",
    "governance/prediction.py", "governance/errors/", "governance/validation/", "governance/verdicts.py", "governance/specification.py",
    "governance/backfill.py",
    "governance/batched.py", "governance/telling.py", "governance/monitoring.py", "governance/grants.py", "governance/wording.py",
    "governance/signing.py", "governance/advice.py", "governance/sending.py", "governance/groups.py",
)  # fmt: skip
ROWS = (
    "governance.models", "governance.handoff", "governance.workflow", "governance.admin", "governance.audit", "governance.case",
    "governance.dossier",
)  # fmt: skip
LARGEST_FILE, LONGEST_FUNCTION = 320, 60
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts)
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in FILES}


def modules_named(path: str, tree: ast.AST) -> Iterator[str]:
    """Every module that a file names: by import, or as a dotted path in a string."""
    yield from modules_imported(path, tree)
    yield from (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and is_dotted(node.value))


def modules_imported(path: str, tree: ast.AST) -> Iterator[str]:
    """At any depth, relative imports resolved."""
    package = path.removesuffix(".py").removesuffix("/__init__").split("/")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            depth = node.level - 1 if path.endswith("__init__.py") else node.level
            base = [*package[: len(package) - depth], *filter(None, [node.module])] if node.level else [node.module or ""]
            yield ".".join(base)  # what is around a module is loaded with it
            yield from (".".join([*base, alias.name]) for alias in node.names)


def is_dotted(value: object) -> bool:
    parts = value.split(".") if isinstance(value, str) else []
    return len(parts) > 1 and all(part.isidentifier() for part in parts)


def within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def forbidden(path: str) -> tuple[str, ...]:
    if path.startswith(PURE):
        return ("django", "psycopg", "runner", "portal", "django_q", *ROWS)
    if path.startswith("governance/"):
        return ("runner", "django_q")
    if path.startswith("runner/engine/"):
        return ("django", "django_q", "portal", *ROWS)
    if path.startswith("runner/"):
        return ("governance.models", "governance.workflow", "governance.admin")
    return ()


@pytest.mark.parametrize("path", TREES)
def test_no_file_reaches_through_a_wall(path):
    crossing = [module for module in modules_named(path, TREES[path]) if within(module, *forbidden(path))]

    assert crossing == []


@pytest.mark.parametrize(
    "line",
    [
        "import runner.tasks",
        "from runner import tasks",
        "from ..runner import tasks",
        "def f():\n    import runner",
        'TASK = "runner.tasks.run"',
    ],
)
def test_the_walls_see_every_way_to_name_a_module(line):
    named = modules_named("governance/bell.py", ast.parse(line))

    assert any(within(module, "runner") for module in named)


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path, tree in TREES.items():
        yield from ((path, node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_no_import_hides_in_a_function():
    hidden = [
        f"{path}:{node.lineno}" for path, node in functions() for inner in ast.walk(node) if isinstance(inner, ast.Import | ast.ImportFrom)
    ]

    assert hidden == []


def test_a_lock_on_a_row_lets_others_refer_to_it():
    """A key lock would stop whoever writes a row that refers to it until the commit, and two who do so lock each other out."""
    calls = [(path, node) for path, tree in TREES.items() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    locks = [(path, node) for path, node in calls if isinstance(node.func, ast.Attribute) and node.func.attr == "select_for_update"]

    assert locks
    assert [f"{path}:{node.lineno}" for path, node in locks if "no_key" not in {each.arg for each in node.keywords}] == []


def test_no_function_is_longer_than_a_page():
    long = [f"{path}:{node.lineno} {node.name}" for path, node in functions() if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION]

    assert long == []


def test_no_file_holds_two_nouns():
    lengths = {path: (ROOT / path).read_text().count("\n") for path in TREES}
    large = {path: length for path, length in lengths.items() if length > LARGEST_FILE}

    assert large == {}


def test_modules_import_in_one_direction():
    names = {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in TREES}
    graph = {name: {owner(module, names) for module in modules_imported(path, TREES[path])} - {name} for name, path in names.items()}

    assert cycle_in(graph) == []


def owner(module: str, names: dict[str, str]) -> str:
    """The file that an import loads: the module itself, or the one that a name is taken from."""
    return module if module in names else module.rpartition(".")[0]


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    """Some circle of imports, or nothing: leaves are taken away until only circles are left."""
    left = {name: set(others) for name, others in graph.items()}
    while leaves := {name for name, others in left.items() if not others & left.keys()}:
        left = {name: others for name, others in left.items() if name not in leaves}
    return sorted(left)
