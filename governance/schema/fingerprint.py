"""One short text per schema: equal fingerprints mean equal schemas."""

import hashlib
import json

from governance.schema.model import FORMAT, Schema


def fingerprint(schema: Schema) -> str:
    """SHA-256 of the canonical form, in hexadecimal."""
    content = {"format": FORMAT, "objects": [item.as_json() for item in schema.objects]}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
