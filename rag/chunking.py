"""Chunks: the passages of a document, each with its exact place in it.

Belongs here: cutting a normalised text by its structure (headings, paragraphs, list items), the ids of the
passages and the tags a heading carries. What keeps a passage out of the index is judged in `rag.quarantine`.
Text is never rewritten: `document.text[chunk.char_start:chunk.char_end] == chunk.text`, in code points, always.

A heading may carry tags after vertical bars, `## Openings | role: opening | channel: email, mail | intent: ready`:
the passages below it are for those only, and each paragraph or list item below it is a passage of its own.
Elsewhere neighbouring paragraphs of a section are joined up to `MAX_CHARACTERS`.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.documents import Document
from rag.quarantine import find_hidden_spans, find_instructions, find_seam_instructions

MAX_CHARACTERS = 1200
"""Longest passage (400 to 4000 work). Shorter ones quote more exactly, longer ones keep conditions beside terms."""

_HEADING = re.compile(r"(#{1,6})[ \t]+(.*)")
_LIST_MARKER = re.compile(r"[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+")
_SENTENCE_END = re.compile(r"[.!?][\"')\u201d]*\s+")
_TAG = re.compile(r"\s*([a-z_]+)\s*:\s*(.+?)\s*")

Span = tuple[int, int]
Tags = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Chunk:
    """One passage of one document version.

    Attributes
    ----------
    chunk_id : str
        Hash of doc_id, doc_version, offsets and text (32 hex digits).
    doc_id, doc_version : str
        The document it stands in.
    text : str
        Verbatim from the document.
    char_start, char_end : int
        Half-open place in the document's text, 0-based code points.
    product_ids, jurisdictions : tuple of str
        The document's; empty = all.
    headings : tuple of str
        The headings above it, outermost first, without their tags.
    tags : tuple of (str, tuple of str)
        What the innermost tagged heading says, such as (("channel", ("email",)), ("intent", ("ready",))), sorted.
    finding : str or None
        Why the passage is quarantined (never indexed, never shown to a writer), or None.
    """

    chunk_id: str
    doc_id: str
    doc_version: str
    text: str
    char_start: int
    char_end: int
    product_ids: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    tags: Tags = ()
    finding: str | None = None

    def tag(self, name: str) -> tuple[str, ...]:
        """Return the values of one tag; empty = the passage says nothing about it, so all are meant."""
        return dict(self.tags).get(name, ())


@dataclass
class _Section:
    """Blocks under one heading path, as spans of the text."""

    headings: tuple[str, ...]
    tags: Tags
    blocks: list[Span]


def chunk_id_of(doc_id: str, doc_version: str, start: int, end: int, text: str) -> str:
    """Return the id of a passage: equal exactly where document, version, place and text are equal."""
    return hashlib.sha256(f"{doc_id}\x1f{doc_version}\x1f{start}\x1f{end}\x1f{text}".encode()).hexdigest()[:32]


def chunk_document(document: Document) -> list[Chunk]:
    """Cut a document into passages, in reading order.

    Parameters
    ----------
    document : Document

    Returns
    -------
    list of Chunk
        They do not overlap, and together they hold every word that is not a heading or a list marker. A passage
        with hidden text or with instructions to a language model carries a `finding`.
    """
    text = document.text
    hidden = find_hidden_spans(text)
    chunks = []
    for section in _sections(text):
        spans = section.blocks if section.tags else _joined(section.blocks)
        for start, end in (piece for span in spans for piece in _split(text, span)):
            passage = text[start:end]
            finding = next((name for left, right, name in hidden if left < end and start < right), None)
            seen = "\n".join((document.title, *section.headings, passage))
            chunks.append(
                Chunk(
                    chunk_id=chunk_id_of(document.doc_id, document.doc_version, start, end, passage),
                    doc_id=document.doc_id,
                    doc_version=document.doc_version,
                    text=passage,
                    char_start=start,
                    char_end=end,
                    product_ids=document.product_ids,
                    jurisdictions=document.jurisdictions,
                    headings=section.headings,
                    tags=section.tags,
                    finding=finding or find_instructions(seen),
                )
            )
    return find_seam_instructions(chunks)


def _sections(text: str) -> Iterator[_Section]:
    """Walk the lines once: headings open sections; blank lines and list markers end blocks."""
    stack: list[tuple[int, str, Tags]] = []
    section = _Section((), (), [])
    block_is_open = False
    start = 0
    for line in text.splitlines(keepends=True):
        end = start + len(line.rstrip())
        heading = _HEADING.fullmatch(line.strip())
        if heading:
            yield section
            name, tags = _heading_tags(heading[2])
            stack = [entry for entry in stack if entry[0] < len(heading[1])]
            stack.append((len(heading[1]), name, tags))
            inherited = next((entry[2] for entry in reversed(stack) if entry[2]), ())
            section = _Section(tuple(entry[1] for entry in stack), inherited, [])
            block_is_open = False
        elif not line.strip():
            block_is_open = False
        else:
            marker = _LIST_MARKER.match(line)
            if marker and marker.end() < len(line.rstrip()):
                section.blocks.append((start + marker.end(), end))
            elif block_is_open:
                section.blocks[-1] = (section.blocks[-1][0], end)
            else:
                section.blocks.append((start + len(line) - len(line.lstrip()), end))
            block_is_open = True
        start += len(line)
    yield section


def _heading_tags(heading: str) -> tuple[str, Tags]:
    """Split `Name | key: value, value | ...` into the name and its tags; a part without a colon stays in the name."""
    name, *parts = heading.strip().rstrip("#").split("|")
    tags: dict[str, tuple[str, ...]] = {}
    for part in parts:
        match = _TAG.fullmatch(part)
        if match is None:
            name = f"{name.rstrip()} | {part.strip()}"
        else:
            tags[match[1]] = tuple(value.strip() for value in match[2].split(",") if value.strip())
    return name.strip(), tuple(sorted(tags.items()))


def _joined(blocks: list[Span]) -> list[Span]:
    """Join neighbouring blocks of a section while the whole stays within `MAX_CHARACTERS`."""
    spans: list[Span] = []
    for start, end in blocks:
        if spans and end - spans[-1][0] <= MAX_CHARACTERS:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def _split(text: str, span: Span) -> Iterator[Span]:
    """Cut a span longer than `MAX_CHARACTERS` at the last sentence end, else the last space, before the limit."""
    start, end = span
    while end - start > MAX_CHARACTERS:
        window = text[start : start + MAX_CHARACTERS]
        ends = [match.end() for match in _SENTENCE_END.finditer(window)]
        cut = ends[-1] if ends else window.rfind(" ") + 1 or MAX_CHARACTERS
        piece = text[start : start + cut].rstrip()
        if piece:
            yield start, start + len(piece)
        start += cut
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield start, end
