"""The functions that come with PostgreSQL, and how volatile each is: functions.txt, which a test holds to the server's catalogue."""

from pathlib import Path

# pg_proc.provolatile by name: immutable, stable or volatile; the most volatile one counts where several have the name
VOLATILITY = dict(line.split() for line in (Path(__file__).parent / "functions.txt").read_text().splitlines())
STEADY = frozenset(name for name, volatility in VOLATILITY.items() if volatility != "v")
