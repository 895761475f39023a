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
    """Scripts byte for byte and in order, limits, rehearsal's verdict, and decisions about checks. Technical approval binds to it."""
    scripts = [[script.kind, script.name, script.text] for script in manifest.scripts]
    content = {"scripts": scripts, "limits": asdict(manifest.limits), "rehearsal": manifest.rehearsal}
    choices = [[choice.name, choice.text, choice.reason] for choice in manifest.choices]
    return _digest("script", {**content, "checks": choices} if choices else content)


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
