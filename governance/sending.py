"""What is sent out: a mail as a letter, a webhook as a call, and how a call is signed. Pure."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

SECRET_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Letter:
    id: UUID
    attempt: int
    to: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    id: UUID
    attempt: int
    address: str = field(repr=False)  # of some receivers it is a secret by itself
    body: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one attempt."""

    arrived: bool
    answer: str
    final: bool = False  # another attempt would be answered the same
    everything: bool = False  # nobody else is reached by this way either


@dataclass(frozen=True, slots=True)
class Event:
    """What a webhook is told."""

    id: UUID
    kind: str
    at: datetime
    subject: str
    text: str
    change: str
    link: str  # absolute, or empty


def full_body(event: Event) -> bytes:
    """As https://www.standardwebhooks.com asks: type, timestamp, data; and a text, for programs that show one as it comes."""
    data = {"subject": event.subject, "text": event.text, "change": event.change, "link": event.link}
    return _json({"id": str(event.id), "type": event.kind, "timestamp": event.at.isoformat(), "data": data, "text": _plain(event)})


def slack_body(event: Event) -> bytes:
    """Only a text; what would be markup is escaped. https://api.slack.com/reference/surfaces/formatting"""
    subject, text = _escaped(event.subject), _escaped(event.text)
    return _json({"text": "\n".join(filter(None, [f"*{subject}*", text, f"<{event.link}|Open in Lockgate>" if event.link else ""]))})


def _plain(event: Event) -> str:
    return "\n".join(filter(None, [event.subject, event.text, event.link]))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def headers_of(call: Call, at: datetime) -> Mapping[str, str]:
    """The id stays the same whenever it is sent again, so that a receiver can drop what comes twice; the time does not."""
    moment = int(at.timestamp())
    return {
        "Content-Type": "application/json",
        "User-Agent": "Lockgate",
        "webhook-id": str(call.id),
        "webhook-timestamp": str(moment),
        "webhook-signature": f"v1,{signature(call.key, str(call.id), moment, call.body)}",
    }


def signature(key: bytes, message: str, moment: int, body: bytes) -> str:
    signed = f"{message}.{moment}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def secret_of(key: bytes) -> str:
    """As receivers keep it."""
    return SECRET_PREFIX + base64.b64encode(key).decode()
