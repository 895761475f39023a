"""What comes with PostgreSQL, which tests hold to the server's catalogue: functions.txt, with how volatile each is, and relations.txt."""

from pathlib import Path

HERE = Path(__file__).parent
# pg_proc.provolatile by name: immutable, stable or volatile; the most volatile one counts where several have the name
VOLATILITY = dict(line.split() for line in (HERE / "functions.txt").read_text().splitlines())
STEADY = frozenset(name for name, volatility in VOLATILITY.items() if volatility != "v")
# tables and views of pg_catalog, of all supported versions
RELATIONS = frozenset((HERE / "relations.txt").read_text().splitlines())
