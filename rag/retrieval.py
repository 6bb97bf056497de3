"""Retrieval: the passages a brief may be written from, in a total order.

Belongs here: the query of a brief, the fusion of vector and keyword ranks, and the filters by product, state,
channel and validity on the send date. The file behind it belongs to `rag.store`.
"""

from dataclasses import dataclass
from datetime import date

from rag.chunking import Chunk


@dataclass(frozen=True)
class Retrieved:
    """One passage retrieved for a brief, with what is known of its document.

    Attributes
    ----------
    chunk : Chunk
        The passage.
    doc_id, doc_version, kind, title : str
        Its document.
    valid_from : date
        First valid day of the document.
    valid_to : date or None
        Last valid day, inclusive; None = open.
    product_ids : tuple of str
        Products the document is about; empty = all.
    score : float
        Fused rank score, rounded to 9 decimals; higher = nearer.
    """

    chunk: Chunk
    doc_id: str
    doc_version: str
    kind: str
    title: str
    valid_from: date
    valid_to: date | None
    product_ids: tuple[str, ...]
    score: float
