"""Chunks: the passages of a document, each with its exact place in it.

Belongs here: cutting a normalised text by its structure (headings, paragraphs, list items), the ids of the
passages, the tags a heading carries, and the findings that keep a passage out of the index. Text is never
rewritten: `document.text[chunk.char_start:chunk.char_end] == chunk.text`, in code points, always.
"""

from dataclasses import dataclass


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
    tags: tuple[tuple[str, tuple[str, ...]], ...] = ()
    finding: str | None = None

    def tag(self, name: str) -> tuple[str, ...]:
        """Return the values of one tag; empty = the passage says nothing about it, so all are meant."""
        return dict(self.tags).get(name, ())
