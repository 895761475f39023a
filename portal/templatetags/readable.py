"""Values as people read them."""

from django import template
from django.utils.safestring import SafeString

from portal.prose import rendered

register = template.Library()


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
    """A text of a specification, with its lists and its code."""
    return rendered(text)
