"""What a database's host says of itself at a metrics address: Prometheus' text format, with the names of its node exporter.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import math
import re
import urllib.error
import urllib.request

from governance.monitoring import Metric

TIMEOUT = 2.0
LARGEST = 4 * 2**20  # bytes of an answer that are read
LINE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)(?:\s+-?\d+)?\s*$", re.MULTILINE)
NOT_DISKS = re.compile(r'fstype="(?:tmpfs|ramfs|overlay|squashfs|iso9660|nsfs|proc|sysfs|devtmpfs)[^"]*"')


def host_figures(address: str) -> dict[str, float]:
    """By metric; none when nobody answers there, or answers something else."""
    if not address:
        return {}
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
            return figures_in(answer.read(LARGEST).decode("utf-8", "replace"))
    except (urllib.error.URLError, OSError, ValueError):
        return {}


def figures_in(text: str) -> dict[str, float]:
    found: dict[str, list[tuple[str, float]]] = {}
    for line in LINE.finditer(text):
        found.setdefault(line["name"], []).append((line["labels"] or "", _number(line["value"])))
    figures = {
        Metric.HOST_LOAD: _first(found, "node_load1"),
        Metric.HOST_MEMORY: _share(_first(found, "node_memory_MemAvailable_bytes"), _first(found, "node_memory_MemTotal_bytes")),
        Metric.HOST_DISK: _fullest(found),
    }
    return {metric: value for metric, value in figures.items() if value is not None and math.isfinite(value)}


def _fullest(found: dict[str, list[tuple[str, float]]]) -> float | None:
    sizes = dict(found.get("node_filesystem_size_bytes", ()))
    free = found.get("node_filesystem_avail_bytes", ())
    shares = [_share(value, sizes.get(labels)) for labels, value in free if not NOT_DISKS.search(labels)]
    return min((share for share in shares if share is not None), default=None)


def _first(found: dict[str, list[tuple[str, float]]], name: str) -> float | None:
    return next((value for _, value in found.get(name, ())), None)


def _share(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
