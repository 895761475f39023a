"""The matrix's rows: evidence of clients, the cells that are kept of it, and the gate that is asked with it."""

from governance.compatibility.asking import ask_client, environment_named, outlook_of, together
from governance.compatibility.entries import derive_entries, record_release
from governance.compatibility.evidence import Known, client_rows, known_clients, traffic_rows
from governance.compatibility.prospects import derive_prospects
from governance.compatibility.rows import answer_as_json, rulings_as_json

__all__ = [
    "Known", "answer_as_json", "ask_client", "client_rows", "derive_entries", "derive_prospects", "environment_named", "known_clients",
    "outlook_of", "record_release", "rulings_as_json", "together", "traffic_rows",
]  # fmt: skip
