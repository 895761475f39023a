"""What an approval binds to: SHA-256 over the canonical form of exactly what will run, where and when."""

import hashlib
import json
from dataclasses import asdict

from governance.orders import Manifest, Release


def _digest(kind: str, content: object) -> str:
    """`kind` keeps digests of different things apart even when their contents look alike."""
    canonical = json.dumps([kind, content], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def script_digest(manifest: Manifest) -> str:
    """Scripts byte for byte and in order, limits, and the rehearsal's verdict. Technical approval binds to it."""
    scripts = [[script.kind, script.name, script.text] for script in manifest.scripts]
    return _digest("script", {"scripts": scripts, "limits": asdict(manifest.limits), "rehearsal": manifest.rehearsal})


def release_digest(release: Release) -> str:
    """The script digest with targets, booked time and policy version. Business approval binds to it."""
    return _digest(
        "release",
        {
            "script_digest": release.script_digest,
            "targets": sorted(release.targets),
            "starts": release.starts.isoformat(),
            "ends": release.ends.isoformat(),
            "policy": release.policy,
        },
    )
