"""Plausible words by the name of a column, from mimesis: drawn once for each kind of word, then sampled in bulk.

Nothing in it reaches a real person: e-mail addresses and hosts end in the domains reserved for examples (RFC 2606), telephone
numbers are those that North America keeps for fiction.
"""

import re
from collections.abc import Callable
from functools import cached_property, partial

from mimesis import Generic, Locale

SIZE = 600  # words of one kind
EXAMPLE_DOMAINS = ("example.com", "example.net", "example.org")

# The first expression that is found in a column's name decides.
_KINDS: tuple[tuple[str, str], ...] = (
    (r"e_?mail", "email"),
    (r"password|hash|token|secret|digest|checksum|signature|api_?key|fingerprint", "hex"),
    (r"first_?name|given_?name|forename", "first_name"),
    (r"last_?name|surname|family_?name", "last_name"),
    (r"user_?name|login|handle|nick", "username"),
    (r"compan|organi[sz]ation|employer|business|vendor|supplier|merchant", "company"),
    (r"phone|mobile|fax|tel\b", "phone"),
    (r"postal|post_?code|zip", "postal_code"),
    (r"street|address", "street"),
    (r"city|town", "city"),
    (r"country_?code|country_iso", "country_code"),
    (r"country|nationality", "country"),
    (r"^state$|province|region|county", "region"),
    (r"currency", "currency"),
    (r"locale|language|lang\b", "locale"),
    (r"time_?zone|^tz$", "timezone"),
    (r"user_?agent", "user_agent"),
    (r"^ip$|_ip$|ip_?addr", "ip"),
    (r"ur[il]|link|website|homepage|href", "url"),
    (r"host|domain", "host"),
    (r"mime|content_?type|media_?type", "mime"),
    (r"file|path|attachment|storage_?key", "file"),
    (r"slug|permalink", "slug"),
    (r"colou?r", "color"),
    (r"version|release", "version"),
    (r"title|subject|headline|summary|label|caption", "title"),
    (r"description|body|content|message|comment|note|text|bio|reason|about|details|remark|prompt|answer", "sentence"),
    (r"occupation|job|trade|profession|skill", "occupation"),
    (r"product|item|material|goods", "product"),
    (r"sku|code|reference|number|_no$|licen[cs]e|serial|external|identifier|_key$|_id$", "code"),
    (r"status|state|phase|stage|type|kind|category|level|role|mode|method|provider|channel", "term"),
    (r"display_?name|full_?name|person|author|owner|contact|recipient|sender", "full_name"),
    (r"name", "name"),
)
_COMPILED = tuple((re.compile(pattern), kind) for pattern, kind in _KINDS)
_PEOPLE = re.compile(r"user|person|people|customer|client|member|contact|employee|contractor|author|account|profile|lead|prospect|patient")
_TERMS = ("new", "open", "active", "waiting", "accepted", "done", "closed", "archived")


class Vocabulary:
    """Lists of words by kind, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._drawn: dict[str, tuple[str, ...]] = {}

    def words(self, column: str, table: str) -> tuple[str, ...]:
        return self.of(kind_of(column, table))

    def of(self, kind: str) -> tuple[str, ...]:
        if kind not in self._drawn:
            draw = self._sources[kind]
            self._drawn[kind] = tuple(dict.fromkeys(draw() for _ in range(SIZE)))
        return self._drawn[kind]

    @cached_property
    def _sources(self) -> dict[str, Callable[[], str]]:
        made = Generic(Locale.EN, seed=self._seed)
        person, address, internet, text = made.person, made.address, made.internet, made.text
        return {
            "email": lambda: f"{person.first_name()}.{person.last_name()}@{made.choice(EXAMPLE_DOMAINS)}".lower().replace("'", ""),
            "hex": partial(made.cryptographic.token_hex, 16),
            "first_name": person.first_name,
            "last_name": person.last_name,
            "full_name": person.full_name,
            "name": lambda: text.word().capitalize(),
            "username": person.username,
            "company": lambda: f"{person.last_name()} {made.choice(('Builders', 'Works', 'Partners', 'Supply', 'Services', 'and Sons'))}",
            "phone": lambda: person.phone_number(mask="+1-2##-555-01##"),
            "postal_code": address.zip_code,
            "street": address.address,
            "city": address.city,
            "country": address.country,
            "country_code": address.country_code,
            "region": address.state,
            "currency": made.finance.currency_iso_code,
            "locale": made.code.locale_code,
            "timezone": made.datetime.timezone,
            "user_agent": internet.user_agent,
            "ip": lambda: f"192.0.2.{made.random.randint(1, 254)}",
            "url": lambda: f"https://{made.choice(EXAMPLE_DOMAINS)}/{internet.slug(parts_count=3)}",
            "host": lambda: f"{text.word().lower()}.{made.choice(EXAMPLE_DOMAINS)}",
            "mime": made.file.mime_type,
            "file": made.file.file_name,
            "slug": partial(internet.slug, parts_count=3),
            "color": text.hex_color,
            "version": made.development.version,
            "title": lambda: " ".join(text.words(quantity=3)).capitalize(),
            "sentence": text.sentence,
            "occupation": person.occupation,
            "product": made.food.dish,
            "code": lambda: person.identifier(mask="@@-#####"),
            "term": lambda: str(made.choice(_TERMS)),
            "word": lambda: str(text.word()),
        }


def kind_of(column: str, table: str) -> str:
    name = column.lower()
    found = next((kind for pattern, kind in _COMPILED if pattern.search(name)), "word")
    return "full_name" if found == "name" and _PEOPLE.search(table.lower()) else found
