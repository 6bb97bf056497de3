"""Reading a message that somebody else wrote: one JSON object, checked field by field, as the rules see it.

Belongs here: the form of a message file (see the README beside it), its errors, and the way from it to a `Message`.
Whether its claims stand in its citations is decided by `source_check`, whether this customer may get it by `contact`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rag.briefs import INTENSITIES, MAX_CHARACTERS
from rag.claims.sentences import split_sentences
from rag.compliance.message_fields import (
    FIELDS,
    MAX_QUOTE,
    MAX_SUBJECT,
    MAX_TEXT,
    MessageFileError,
    check_plain,
    check_shapes,
    day_of_text,
    shown,
)
from rag.compliance.model import ATTRIBUTES, FAMILIES, CheckedSentence, Message, ProductFacts
from rag.compliance.source_check import CITATION_KINDS, Citation, claims_of_kinds, faults_of, kinds_of
from rag.contacts import Contacts
from rag.evidence import claims_of_text
from rag.strict_json import StrictJsonError, kind_of, read_json

CHANNELS = (*MAX_CHARACTERS, "call")
# Characters of a call's script; a call has no limit of its own, so the longest written text stands in.
_CALL_CHARACTERS = MAX_CHARACTERS["mail"]
FEE_KINDS = ("fee_schedule", "rate_sheet")
RATE_KINDS = ("rate_sheet", "promotion")
DEFAULT_BANK_NAME = "Harbor Bank"

_MESSAGE = ("text", "subject", "channel", "language", "intensity", "from_name", "claims", "citations")


class UnknownFamilyError(MessageFileError):
    """The product's family is none the rules know, so that nothing about the message can be decided."""


@dataclass(frozen=True)
class MessageFile:
    """A message with what else was said of it.

    Attributes
    ----------
    message : Message
    product, offer, customer, run : mapping
        As given; `customer` and `run` may be empty.
    citations : tuple of Citation
    ignored : tuple of str
        Fields that no rule reads, such as 'product.colour'.
    """

    message: Message
    product: Mapping[str, Any]
    offer: Mapping[str, Any]
    customer: Mapping[str, Any]
    run: Mapping[str, Any]
    citations: tuple[Citation, ...]
    ignored: tuple[str, ...] = field(default=())


def read_message(raw: str, today: date) -> MessageFile:
    """Read one message.

    Parameters
    ----------
    raw : str
        JSON; see the README beside this module.
    today : date
        Send date where `run.as_of` is not given.

    Returns
    -------
    MessageFile

    Raises
    ------
    MessageFileError
        If it is no JSON object or a field is missing or not what it should be.
    """
    data = _object(raw)
    parts = {name: _mapping(data, name) for name in FIELDS}
    channel = _one_of(data, "channel", CHANNELS)
    text = data.get("text")
    if not isinstance(text, str) or not text.strip():
        raise MessageFileError(f"text is {shown(text)}; expected the message's body as a text. Add it.")
    check_plain(text, "text", MAX_TEXT)
    send_date = _day(parts["run"], "as_of", "run") or today
    offer = parts["offer"]
    product = _product(parts["product"], _last_day(offer))
    citations = tuple(_citation(item, number) for number, item in enumerate(_list(data, "citations"), 1))
    sentences = tuple(_sentence(part, product, citations, send_date) for part in split_sentences(text))
    subject = _text(data, "subject")
    check_plain(subject or "", "subject", MAX_SUBJECT)
    headline = _sentence(subject, product, citations, send_date, role="subject") if subject else None
    checked = (*sentences, *((headline,) if headline else ()))
    message = Message(
        channel=channel,
        language=_text(data, "language") or "en",
        intensity=_one_of(data, "intensity", INTENSITIES, "medium"),
        subject=headline,
        sentences=sentences,
        length=len(text),
        product=product,
        send_date=send_date,
        bank_names=_bank_names(product, parts["run"]),
        max_characters=MAX_CHARACTERS.get(channel, _CALL_CHARACTERS),
        grounding_faults=faults_of(checked, citations, product, send_date, _claims_said(data)),
        fee_schedule=claims_of_kinds(citations, FEE_KINDS, product, send_date),
        rate_claims=claims_of_kinds(citations, RATE_KINDS, product, send_date),
        is_prescreened=_flag(offer, "prescreen", "offer"),
        firm_offer_id=str(offer["firm_offer_id"]) if offer.get("firm_offer_id") else None,
        from_name=_text(data, "from_name") or None,
        contacts=_contacts(parts["run"]),
    )
    return MessageFile(
        message, parts["product"], offer, parts["customer"], parts["run"], citations, _ignored(data, parts)
    )


def _object(raw: str) -> Mapping[str, Any]:
    if not raw.strip():
        raise MessageFileError("the file is empty; expected one JSON object with text, channel and product.")
    try:
        data = read_json(raw)
    except StrictJsonError as error:
        raise MessageFileError(f"not valid JSON ({error}); expected one object. Mend the file.") from error
    if not isinstance(data, dict):
        raise MessageFileError(f"found a JSON {kind_of(data)}; expected one object with text, channel and product.")
    return data


def _mapping(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise MessageFileError(f"{name} is {shown(found)}; expected an object, or leave it out.")
    check_shapes(name, found)
    return found


def _list(data: Mapping[str, Any], name: str, place: str = "") -> list[Any]:
    found = data.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise MessageFileError(f"{place}{name} is {shown(found)}; expected a list, or leave it out.")
    return found


def _text(data: Mapping[str, Any], name: str) -> str | None:
    found = data.get(name)
    if found is not None and not isinstance(found, str):
        raise MessageFileError(f"{name} is {shown(found)}; expected a text, or leave it out.")
    return found


def _one_of(data: Mapping[str, Any], name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    found = data.get(name)
    if found is None:
        found = default
    if found not in allowed:
        raise MessageFileError(f"{name} is {shown(found)}; expected one of {', '.join(allowed)}.")
    return str(found)


def _flag(data: Mapping[str, Any], name: str, place: str) -> bool:
    found = data.get(name, False)
    if found is None:
        return False
    if isinstance(found, bool):
        return found
    if str(found).lower() in ("true", "false"):
        return str(found).lower() == "true"
    raise MessageFileError(f"{place}.{name} is {found!r}; expected true or false.")


def _day(data: Mapping[str, Any], name: str, place: str) -> date | None:
    found = data.get(name)
    if found in (None, ""):
        return None
    day = day_of_text(found)
    if day is None:
        raise MessageFileError(f"{place}.{name} is {shown(found)}; expected a date such as 2026-11-01.")
    return day


def _last_day(offer: Mapping[str, Any]) -> date | None:
    first, last = _day(offer, "valid_from", "offer"), _day(offer, "valid_to", "offer")
    if first and last and first > last:
        raise MessageFileError(f"offer.valid_from {first} is after offer.valid_to {last}; mend one of them.")
    return last


def _product(row: Mapping[str, Any], valid_to: date | None) -> ProductFacts:
    """Read a product; an attribute that is not given stays unknown, and the rules that need it block."""
    family = row.get("family")
    if family not in FAMILIES:
        raise UnknownFamilyError(
            f"product.family is {family!r}; expected one of {', '.join(FAMILIES)}. It comes from the catalogue, never "
            "from the text; until it is given nothing may be sent."
        )
    values: dict[str, str | None] = {}
    for name, allowed in ATTRIBUTES.items():
        found = row.get(name)
        value = None if found is None or found == "" else str(found).lower()
        if value is not None and value not in allowed:
            raise MessageFileError(f"product.{name} is {found!r}; expected one of {', '.join(allowed)}.")
        values[name] = value
    return ProductFacts(
        product_id=str(row.get("product_id") or ""),
        name=str(row.get("name") or ""),
        family=str(family),
        legal_entity=str(row.get("legal_entity") or ""),
        valid_to=valid_to,
        **values,
    )


def _citation(item: Any, number: int) -> Citation:
    place = f"citations[{number}]"
    if not isinstance(item, dict):
        raise MessageFileError(f"{place} is {shown(item)}; expected an object with quote, kind and doc_id.")
    quote = item.get("quote")
    if not isinstance(quote, str) or not quote.strip():
        raise MessageFileError(f"{place}.quote is {shown(quote)}; expected the words of the source. Add them.")
    check_plain(quote, f"{place}.quote", MAX_QUOTE)
    kind = item.get("kind")
    if kind is not None and kind not in CITATION_KINDS:
        raise MessageFileError(f"{place}.kind is {kind!r}; expected one of {', '.join(CITATION_KINDS)}.")
    return Citation(
        quote=quote,
        kind=str(kind or ""),
        doc_id=str(item.get("doc_id") or item.get("chunk_id") or ""),
        doc_version=str(item.get("doc_version") or item.get("version") or ""),
        content_hash=str(item.get("content_hash") or item.get("hash") or ""),
        valid_from=_day(item, "valid_from", place),
        valid_to=_day(item, "valid_to", place),
        product_ids=tuple(str(name) for name in _list(item, "product_ids", f"{place}.")),
    )


def _claims_said(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the words of the claims the message's writer named; each must stand in the text."""
    said = []
    for number, item in enumerate(_list(data, "claims"), 1):
        text = item.get("text") if isinstance(item, dict) else item
        if not isinstance(text, str) or not text.strip():
            raise MessageFileError(f"claims[{number}] is {item!r}; expected the claim's words, or an object with text.")
        if text not in f"{data.get('text')}\n{data.get('subject')}":
            raise MessageFileError(f"claims[{number}] is {text!r}, which does not stand in text or subject.")
        said.append(text)
    return tuple(said)


def _sentence(
    text: str, product: ProductFacts, citations: tuple[Citation, ...], send_date: date, role: str = "claim"
) -> CheckedSentence:
    claims = claims_of_text(text, (product.name,) if product.name else ())
    kinds, verbatim = kinds_of(text, claims, citations, product, send_date)
    return CheckedSentence(text, role, claims, kinds, verbatim)


def _bank_names(product: ProductFacts, run: Mapping[str, Any]) -> tuple[str, ...]:
    names = (product.legal_entity, str(run.get("bank_name") or ""), DEFAULT_BANK_NAME)
    return tuple(dict.fromkeys(name for name in names if name))


def _contacts(run: Mapping[str, Any]) -> Contacts:
    """Return where the bank may be reached: the default's and what the run adds."""
    usual = Contacts()
    phones = tuple(re.sub(r"\D", "", str(number))[-10:] for number in run.get("phones") or ())
    domains = tuple(str(name).lower() for name in run.get("domains") or ())
    return Contacts((*usual.domains, *domains), (*usual.phones, *phones))


def _ignored(data: Mapping[str, Any], parts: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    strange = [name for name in data if name not in (*_MESSAGE, *FIELDS)]
    for part, fields in parts.items():
        strange += [f"{part}.{name}" for name in fields if name not in FIELDS[part]]
    return tuple(strange)
