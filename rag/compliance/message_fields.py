"""The fields of a message file beside its text: which there are, and what each may hold.

Belongs here: the shapes that `message_file` checks before any rule reads a field. A rule that met a text where a list
is meant would read its letters, find nothing and let the message pass.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from rag.compliance.model import ATTRIBUTES

MAX_TEXT, MAX_SUBJECT, MAX_QUOTE = 8_000, 1_000, 20_000
"""Characters that are read, twice the longest channel's (house); time to judge grows faster than length."""

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class MessageFileError(ValueError):
    """A message can't be read; the text says what was found, what was expected and what to do next."""


@dataclass(frozen=True)
class Shape:
    """What a field may hold, in words and as a test; null always counts as left out."""

    expected: str
    holds: Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_name(value: Any) -> bool:
    return _is_text(value) or _is_number(value)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_name, value))


def _is_list_of(*fields: str) -> Callable[[Any], bool]:
    def holds(value: Any) -> bool:
        return isinstance(value, list) and all(
            _is_text(item) or (isinstance(item, Mapping) and all(_is_text(item.get(name)) for name in fields))
            for item in value
        )

    return holds


def _are_flags(value: Any) -> bool:
    is_object = isinstance(value, Mapping) and all(isinstance(item, (bool, str, type(None))) for item in value.values())
    return is_object or _are_texts(value)


def _are_optouts(value: Any) -> bool:
    return _are_flags(value) or _is_list_of("channel")(value)


def _are_consents(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(item, (bool, str, Mapping, type(None))) for item in value.values())
    return _is_list_of("channel")(value)


def _is_gate(value: Any) -> bool:
    return isinstance(value, bool) or _is_name(value)


TEXT = Shape("a text", _is_text)
NAME = Shape("a text or a number", _is_name)
NUMBER = Shape("a number", _is_number)
TEXTS = Shape("a list of texts", _are_texts)
NAMES = Shape("a list of names", _are_names)
DAY = Shape("a date such as 2026-11-01", lambda value: value == "" or day_of_text(value) is not None)
_ANY = Shape("anything", lambda _: True)

FIELDS: dict[str, dict[str, Shape]] = {
    "product": {
        "product_id": NAME,
        "name": TEXT,
        "family": _ANY,
        "legal_entity": TEXT,
        "fee_conditions": _ANY,
        "mapr_percent": NUMBER,
        **dict.fromkeys(ATTRIBUTES, Shape("true, false or a text", lambda value: isinstance(value, (bool, str)))),
    },
    "offer": {
        "id": NAME,
        "valid_from": DAY,
        "valid_to": DAY,
        "states": TEXTS,
        "channels": TEXTS,
        "prescreen": _ANY,
        "firm_offer_id": NAME,
    },
    "customer": {
        "state": TEXT,
        "tz_candidates": TEXTS,
        "age_gate": Shape("true, false, a text or a number", _is_gate),
        "age": NUMBER,
        "consents": Shape('an object such as {"email": "granted"}, or a list of channels', _are_consents),
        "optouts": Shape('a list of channels, such as ["email"]', _are_optouts),
        "flags": Shape('a list of flags, such as ["hardship"]', _are_flags),
        "replies": Shape('a list of texts, such as ["Stop"]', _is_list_of("text")),
        "held_product_ids": NAMES,
        "registry_date": DAY,
    },
    "run": {
        "as_of": DAY,
        "send_at": TEXT,
        "corpus_version": NAME,
        "model_digest": NAME,
        "bank_name": TEXT,
        "domains": TEXTS,
        "phones": TEXTS,
    },
}
"""Every field of the four objects, with its shape; the others are named as read by no rule."""


def check_shapes(part: str, found: Mapping[str, Any]) -> None:
    """Refuse a field that is not what it should be.

    Parameters
    ----------
    part : str
        One of `FIELDS`.
    found : mapping
        That object of the message file.

    Raises
    ------
    MessageFileError
    """
    for name, shape in FIELDS[part].items():
        value = found.get(name)
        if value is not None and not shape.holds(value):
            raise MessageFileError(f"{part}.{name} is {shown(value)}; expected {shape.expected}, or leave it out.")


def day_of_text(value: Any) -> date | None:
    """Return the day of an ISO 8601 date or instant, or None where it is none."""
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value).date()
    except ValueError:
        return None


def check_plain(text: str, name: str, most: int) -> None:
    """Refuse a text that is too long or holds characters no reader sees.

    Raises
    ------
    MessageFileError
    """
    if len(text) > most:
        raise MessageFileError(f"{name} has {len(text)} characters; expected at most {most}. Shorten or split it.")
    hidden = _UNPRINTABLE.search(text)
    if hidden:
        raise MessageFileError(
            f"{name} holds U+{ord(hidden.group()):04X} at place {hidden.start() + 1}; expected printable characters "
            "and line ends. Take it out."
        )


def shown(value: Any) -> str:
    """Return a value as errors show it, cut where it is long."""
    words = repr(value)
    return words if len(words) <= 80 else f"{words[:77]}..."
