"""Documents of the corpus: from bytes to one normalised text with its front matter, hash and validity.

Belongs here: parsing, normalising, hashing, the manifest of a corpus. Cutting a text into passages and judging
them belongs to `rag.chunking`; what a passage is worth for a brief to `rag.retrieval`.

The normalised text is the body below the front matter (of HTML and PDF what a reader sees of it, `rag.html_text` and
`rag.pdf_text`): UTF-8, NFC, LF newlines, no byte-order mark, no trailing spaces, one newline at the end. Every offset
the product ever reports points into it, counted in code points.

The front matter stands at the head of the file between two lines of ---, or in a sidecar `<file name>.yml`; in HTML it
may be the page's meta tags instead. A PDF needs the sidecar.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from rag.characters import INVISIBLE
from rag.html_text import HtmlError, read_html
from rag.pdf_text import PdfError, read_pdf

DOCUMENTS_DIR = Path(__file__).parent / "corpus"
"""Harbor Bank's default corpus, used where an input folder brings no documents of its own."""

KINDS = ("product_sheet", "rate_sheet", "fee_schedule", "promotion", "disclosure", "faq", "brand_voice")
SUFFIXES = (".md", ".txt", ".html", ".htm", ".pdf")
SIDECAR_SUFFIX = ".yml"
FIELDS = ("doc_id", "title", "kind", "product_ids", "jurisdictions", "valid_from", "valid_to", "version")
_REQUIRED = ("doc_id", "title", "kind", "valid_from", "version")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<yaml>.*?)\n---[ \t]*(?:\n|\Z)(?P<body>.*)\Z", re.DOTALL)
_AT_HEAD = "a first block between two lines of ---, or "
# 1,000 to 100,000 characters, 10 to 100 brackets: eight plain fields, two of them lists, need far less.
_LONGEST_FRONT_MATTER = 10_000
_MOST_BRACKETS = 20
_DOC_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")
_STATE = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class DocumentError(ValueError):
    """A document can't be read; the message says what was found, what was expected and what to do next."""


@dataclass(frozen=True)
class Document:
    """One version of one document.

    Attributes
    ----------
    doc_id, doc_version : str
        Key. Two versions of a document share the first.
    title, kind : str
        Kind is one of `KINDS`.
    product_ids, jurisdictions : tuple of str
        Products and states (ISO 3166-2) it holds for, sorted; empty = all.
    valid_from : date
        First valid day.
    valid_to : date or None
        Last valid day, inclusive; None = open.
    text : str
        Normalised text (see the module's docstring).
    content_hash : str
        SHA-256 (hex) of text and front matter.
    file_name : str
        Name of the file it came from, for messages.
    """

    doc_id: str
    doc_version: str
    title: str
    kind: str
    product_ids: tuple[str, ...]
    jurisdictions: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    text: str
    content_hash: str
    file_name: str = ""

    def is_valid_on(self, day: date) -> bool:
        """Tell whether the document is in force on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def normalise(text: str) -> str:
    """Bring a text to the form all offsets point into: NFC, LF, no trailing spaces, one newline at the end."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = [line.rstrip() for line in text.split("\n")]
    return "\n".join(lines).strip("\n") + "\n"


def parse_document(raw: bytes, file_name: str, sidecar: bytes | None = None) -> Document:
    """Read one Markdown, plain-text, HTML or PDF document with its front matter.

    Parameters
    ----------
    raw : bytes
        The file as it stands on disk.
    file_name : str
        Its name, for messages and to tell the format.
    sidecar : bytes, optional
        The file `<file_name>.yml` beside it: the front matter as YAML.

    Returns
    -------
    Document

    Raises
    ------
    DocumentError
        If the format, encoding, front matter or a field of it is not what the input contract says.
    """
    suffix = Path(file_name).suffix.lower()
    if suffix not in SUFFIXES:
        raise DocumentError(
            f"{file_name}: expected a file ending in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}; "
            "convert it and load again."
        )
    front = None if sidecar is None else _front_matter(_decoded(sidecar, f"{file_name}{SIDECAR_SUFFIX}"), file_name)
    if suffix == ".pdf":
        body = _read_as(read_pdf, raw, file_name)
    else:
        body = _decoded(raw, file_name)
        match = _FRONT_MATTER.match(body)
        if match is not None and front is not None:
            raise DocumentError(f"{file_name}: front matter in the file and in {file_name}{SIDECAR_SUFFIX}; keep one.")
        if match is not None:
            front, body = _front_matter(match["yaml"], file_name), match["body"]
    if suffix in (".html", ".htm"):
        body, meta = _read_as(read_html, body, file_name)
        front = front or _checked({name: meta[name] for name in FIELDS if name in meta}, file_name)
    if front is None:
        raise DocumentError(
            f"{file_name}: found no front matter; expected {'' if suffix == '.pdf' else _AT_HEAD}"
            f"a file {file_name}{SIDECAR_SUFFIX} with {', '.join(FIELDS)}."
        )
    text = normalise(_CONTROL.sub(" ", body))
    if not text.strip():
        raise DocumentError(f"{file_name}: no text below the front matter; expected at least one sentence.")
    return Document(text=text, content_hash=_content_hash(front, text), file_name=file_name, **front)


def _decoded(raw: bytes, file_name: str) -> str:
    """Decode UTF-8 with any line ends; control characters are refused."""
    try:
        decoded = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"{file_name}: byte {error.start} is not UTF-8 (found 0x{raw[error.start]:02x}); save the file as UTF-8."
        ) from error
    decoded = decoded.replace("\r\n", "\n").replace("\r", "\n")
    control = _CONTROL.search(decoded)
    if control:
        raise DocumentError(
            f"{file_name}: control character U+{ord(control.group()):04X} at character {control.start()}; "
            "expected plain text: remove it."
        )
    return decoded


def _read_as(read: Callable[[Any], Any], content: object, file_name: str) -> Any:
    """Read a format, with the file's name in front of what it complains about."""
    try:
        return read(content)
    except (HtmlError, PdfError) as error:
        raise DocumentError(f"{file_name}: {error}.") from error


def _front_matter(block: str, file_name: str) -> dict:
    """Read and check the fields of the front matter; keys are named as in `Document`."""
    hidden = INVISIBLE.search(block)
    if hidden:
        raise DocumentError(
            f"{file_name}: invisible character U+{ord(hidden.group()):04X} in the front matter; "
            "remove it and load again."
        )
    found = _load_yaml(block, file_name)
    if not isinstance(found, dict):
        raise DocumentError(f"{file_name}: the front matter holds no fields; expected {', '.join(FIELDS)}.")
    return _checked(found, file_name)


def _checked(found: dict, file_name: str) -> dict:
    """Check the fields of a front matter."""
    missing = [name for name in _REQUIRED if found.get(name) in (None, "")]
    if missing:
        raise DocumentError(f"{file_name}: the front matter lacks {', '.join(missing)}; add it.")
    doc_id, kind = str(found["doc_id"]), str(found["kind"])
    if not _DOC_ID.fullmatch(doc_id):
        raise DocumentError(
            f"{file_name}: doc_id {doc_id!r}; expected lower-case letters, digits, _ . or - (at most 100)."
        )
    if kind not in KINDS:
        raise DocumentError(f"{file_name}: kind {kind!r}; expected one of {', '.join(KINDS)}.")
    valid_from = _day(found["valid_from"], "valid_from", file_name)
    valid_to = None if found.get("valid_to") in (None, "") else _day(found["valid_to"], "valid_to", file_name)
    if valid_to is not None and valid_to < valid_from:
        raise DocumentError(f"{file_name}: valid_to {valid_to} lies before valid_from {valid_from}; mend one of them.")
    jurisdictions = _names(found.get("jurisdictions"), "jurisdictions", file_name)
    strange = [state for state in jurisdictions if not _STATE.fullmatch(state)]
    if strange:
        raise DocumentError(f"{file_name}: jurisdiction {strange[0]!r}; expected ISO 3166-2 such as US-NY.")
    return {
        "doc_id": doc_id,
        "doc_version": str(found["version"]),
        "title": unicodedata.normalize("NFC", str(found["title"])),
        "kind": kind,
        "product_ids": _names(found.get("product_ids"), "product_ids", file_name),
        "jurisdictions": jurisdictions,
        "valid_from": valid_from,
        "valid_to": valid_to,
    }


def _load_yaml(block: str, file_name: str) -> object:
    """Load the front matter as plain YAML: without aliases and deep nesting, which grow out of all proportion."""
    if len(block) > _LONGEST_FRONT_MATTER or block.count("[") + block.count("{") > _MOST_BRACKETS:
        raise DocumentError(
            f"{file_name}: the front matter has {len(block):,} characters and "
            f"{block.count('[') + block.count('{')} opening brackets; expected short plain fields "
            f"(at most {_LONGEST_FRONT_MATTER:,} and {_MOST_BRACKETS})."
        )
    try:
        has_alias = any(isinstance(token, yaml.AliasToken) for token in yaml.scan(block))
        found = None if has_alias else yaml.safe_load(block)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: a date that does not exist, or a number of thousands of digits.
        raise DocumentError(
            f"{file_name}: the front matter is not YAML ({str(error).splitlines()[0]}); mend it."
        ) from error
    if has_alias:
        raise DocumentError(f"{file_name}: the front matter has a YAML alias (*name); write the value out.")
    return found


def _day(value: object, field: str, file_name: str) -> date:
    """Read an ISO date of the front matter."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise DocumentError(f"{file_name}: {field} is {value!r}; expected a date such as 2026-01-31.") from error


def _names(value: object, field: str, file_name: str) -> tuple[str, ...]:
    """Read a list of names: a YAML list, or one text joined by vertical bars."""
    if value in (None, ""):
        return ()
    parts = value.split("|") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) and part.strip() for part in parts):
        raise DocumentError(f"{file_name}: {field} is {value!r}; expected a list of names such as [a, b].")
    return tuple(sorted({part.strip() for part in parts}))


def _content_hash(fields: dict, text: str) -> str:
    """Hash text and front matter together, so that a changed validity is a changed document."""
    shown = json.dumps({**fields, "text": text}, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(shown.encode()).hexdigest()


def manifest_hash(documents: list[Document]) -> str:
    """Hash a corpus: the order of its documents does not count (64 hex digits)."""
    return manifest_hash_of((doc.doc_id, doc.doc_version, doc.content_hash) for doc in documents)


def manifest_hash_of(rows: Iterable[tuple[str, str, str]]) -> str:
    """Hash a corpus from (doc_id, doc_version, content hash) of its documents, in any order."""
    return hashlib.sha256("\n".join(sorted("\t".join(row) for row in rows)).encode()).hexdigest()


def read_sidecar(path: Path) -> bytes | None:
    """Return the content of `<file name>.yml` beside a document, or None."""
    sidecar = path.with_name(path.name + SIDECAR_SUFFIX)
    return sidecar.read_bytes() if sidecar.is_file() else None


def load_corpus(folder: Path = DOCUMENTS_DIR) -> list[Document]:
    """Parse every document of a folder and its subfolders, in order of (doc_id, version).

    Raises
    ------
    DocumentError
        If a document can't be read, or two files claim the same doc_id and version.
    """
    documents: dict[tuple[str, str], Document] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        document = parse_document(path.read_bytes(), path.relative_to(folder).as_posix(), read_sidecar(path))
        key = (document.doc_id, document.doc_version)
        if key in documents:
            raise DocumentError(
                f"{document.file_name} and {documents[key].file_name} are both {key[0]} version {key[1]}; "
                "give one of them another version."
            )
        documents[key] = document
    return [documents[key] for key in sorted(documents)]
