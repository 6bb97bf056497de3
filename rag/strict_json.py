"""JSON that somebody else wrote: read strictly, its errors in plain words.

Belongs here: what the tools that read such JSON share. Python's own reader keeps the last of two fields of one name
and takes NaN for a number; a tool that judges must not choose for its user.
"""

import json
from typing import Any

_KINDS = {dict: "object", list: "list", str: "text", bool: "true or false", type(None): "null"}


class StrictJsonError(ValueError):
    """A text is no JSON, or JSON that can be read in two ways; the message says where and why."""


def read_json(text: str) -> Any:
    """Read one JSON value.

    Raises
    ------
    StrictJsonError
        If it is no JSON, an object has a field twice, a number is NaN or infinite, or it is nested too deep.
    """
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except StrictJsonError:
        raise
    except (ValueError, RecursionError) as error:
        raise StrictJsonError(str(error)[:200]) from error


def kind_of(value: object) -> str:
    """Name the kind of a JSON value as JSON does: object, list, text, number, true or false, null."""
    return _KINDS.get(type(value), "number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise StrictJsonError(f"the field {twice!r} stands twice in one object; keep one")
    return found


def _no_number(word: str) -> Any:
    raise StrictJsonError(f"{word} is no number in JSON; write null or leave the field out")
