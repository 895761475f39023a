"""One short text per schema: equal fingerprints mean equal schemas."""

import hashlib
import json

from governance.schema.model import Schema


def fingerprint(schema: Schema) -> str:
    """SHA-256 of the canonical form, in hexadecimal."""
    canonical = json.dumps(schema.as_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
