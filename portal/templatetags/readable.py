"""Values as people read them."""

import re

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()
LISTED = re.compile(r"\s*([-*•]|\d+[.)])\s")
LINE_BREAK, SPACE = SafeString("<br>"), SafeString(" ")


@register.filter
def words(value: str) -> str:
    """A fixed word of the code ("failed_clean") as text ("Failed clean")."""
    return value.replace("_", " ").capitalize()


@register.filter
def thousands(number: int) -> str:
    return f"{number:,}"


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds as "0.03 s", "41 s", "3 min 10" or "2 h 11"; an unknown duration is a dash."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02}"
    if minutes:
        return f"{minutes} min {rest:02}"
    return f"{rest} s"


@register.filter
def paragraphs(text: str) -> SafeString:
    """Paragraphs that flow, however the source broke its lines; lines of a list stay lines."""
    blocks = [block.strip().splitlines() for block in text.replace("\r", "").split("\n\n") if block.strip()]
    return format_html_join(
        "\n", "<p>{}</p>", ((format_html_join(_separator(lines), "{}", ((line,) for line in lines)),) for lines in blocks)
    )


def _separator(lines: list[str]) -> SafeString:
    listed = any(LISTED.match(line) for line in lines)
    return LINE_BREAK if listed else SPACE
