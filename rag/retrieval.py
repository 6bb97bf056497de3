"""Retrieval: the passages a brief may be written from, in a total order.

Belongs here: the query of a brief, the fusion of vector and keyword ranks, and the filters by product, state,
channel and validity on the send date. The file behind it belongs to `rag.store`.

Fusion is reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009): a passage scores the sum over both
lists of 1 / (60 + rank). Ties are broken by (doc_id, doc_version, char_start), so the order is total.
"""

import re
from dataclasses import dataclass
from datetime import date

from rag.briefs import Brief
from rag.chunking import Chunk
from rag.store import IndexedChunk, Store

RANK_CONSTANT = 60
"""The constant of reciprocal rank fusion; its paper's value. Smaller trusts the first ranks more (1 to 200)."""

LIST_DEPTH = 100
"""Passages that each list gives to a search for a few (20 to 1000): fusion hardly reaches below."""
SOURCE_KINDS = ("rate_sheet", "fee_schedule", "promotion", "product_sheet")
"""Kinds a claim about a product may rest on; all such passages of the product are retrieved for a brief."""
WORDING_KINDS = ("brand_voice", "disclosure")
"""Kinds that give approved words; all that fit the brief's family, channel, intent and intensity are retrieved."""

_INTENT_WORDS = {
    "dormant": "introduction overview what it is",
    "browsing": "features benefits how it works",
    "considering": "terms rate fee minimum compare details",
    "ready": "open apply steps requirements offer bonus",
}
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_STOP_WORDS = frozenset(
    _WORD.findall(
        "a an and are as at be by can do does for from has have how i if in is it me my of on or that the there this "
        "to was what when where which who why will with you your"
    )
)


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


@dataclass(frozen=True)
class Filters:
    """What a passage must be to be found; None or empty = not asked.

    Attributes
    ----------
    send_date : date
        The document must be valid on it.
    product_id : str or None
        The document must be about it, or about no product in particular.
    states : tuple of str or None
        The document must hold in every one of them; empty = wherever the bank is; None = not asked.
    kinds : tuple of str
        Kinds of documents.
    tags : tuple of (str, str)
        A passage that says something about such a tag must name the value.
    """

    send_date: date
    product_id: str | None = None
    states: tuple[str, ...] | None = ()
    kinds: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()

    def admit(self, indexed: IndexedChunk) -> bool:
        """Tell whether a passage meets all filters."""
        chunk = indexed.chunk
        if indexed.valid_from > self.send_date or (indexed.valid_to is not None and indexed.valid_to < self.send_date):
            return False
        if self.product_id is not None and chunk.product_ids and self.product_id not in chunk.product_ids:
            return False
        if self.kinds and indexed.kind not in self.kinds:
            return False
        if self.states is not None and chunk.jurisdictions and not _covers(chunk.jurisdictions, self.states):
            return False
        return all(not chunk.tag(name) or value in chunk.tag(name) for name, value in self.tags)


def _covers(jurisdictions: tuple[str, ...], states: tuple[str, ...]) -> bool:
    """Tell whether a document that holds in some states holds in all that are asked for; no states = everywhere."""
    return bool(states) and set(states) <= set(jurisdictions)


def search(store: Store, query: str, filters: Filters, k: int | None = None) -> list[Retrieved]:
    """Find the passages nearest to a query among those that meet the filters.

    Parameters
    ----------
    store : Store
    query : str
        Plain words.
    filters : Filters
    k : int, optional
        How many at most; None = every admitted passage, unmatched ones last.

    Returns
    -------
    list of Retrieved
        Best first, in a total order.
    """
    admitted = [indexed for indexed in store.chunks() if filters.admit(indexed)]
    row_ids = [indexed.row_id for indexed in admitted]
    words = search_words(query)
    depth = len(row_ids) if k is None else max(k, LIST_DEPTH)
    lists = (store.nearest(query, row_ids, depth), store.matching(words, row_ids, depth))
    scores = dict.fromkeys(row_ids, 0.0) | fused_scores(*lists)
    found = [retrieved_of(indexed, round(scores[indexed.row_id], 9)) for indexed in admitted]
    # The corpus's own order is the order of `admitted`; the sort is stable, so it breaks every tie.
    return sorted(found, key=lambda item: -item.score)[:k]


def search_words(query: str) -> list[str]:
    """Return the words of a query that are looked for, sorted, without those that say nothing."""
    return sorted({word for word in _WORD.findall(query.casefold()) if word not in _STOP_WORDS})


def fused_scores(*ranked_lists: list[int]) -> dict[int, float]:
    """Return the reciprocal rank fusion of lists of row ids, each best first.

    Examples
    --------
    >>> fused = fused_scores([7, 8], [8])
    >>> fused[8] > fused[7]
    True
    """
    scores: dict[int, float] = {}
    for ranked in ranked_lists:
        for rank, row_id in enumerate(ranked, start=1):
            scores[row_id] = scores.get(row_id, 0.0) + 1 / (RANK_CONSTANT + rank)
    return scores


def query_of(brief: Brief) -> str:
    """Return the words a brief is searched with; never anything about a customer."""
    return f"{brief.product_name} {brief.family} {_INTENT_WORDS.get(brief.intent_name, '')}"


def retrieve(store: Store, brief: Brief, send_date: date) -> list[Retrieved]:
    """Return the passages one brief may be written from.

    Every passage of the product's own sheets, fee schedules and promotions, and every approved wording for its
    family, channel, intent and intensity, valid on the send date. FAQs serve questions, not briefs: so an edited FAQ
    changes no template. Nothing is cut off by rank, so what is retrieved depends on those documents alone; the
    rank only orders it.

    Parameters
    ----------
    store : Store
    brief : Brief
    send_date : date
        Day the text will be sent.

    Returns
    -------
    list of Retrieved
        Best first, in a total order; empty if the corpus has nothing valid on the product that day.
    """
    filters = Filters(
        send_date=send_date,
        product_id=brief.product_id,
        states=brief.states,
        kinds=SOURCE_KINDS + WORDING_KINDS,
        tags=(("channel", brief.channel), ("intent", brief.intent_name), ("intensity", brief.intensity)),
    )
    return search(store, query_of(brief), filters)


def retrieved_of(indexed: IndexedChunk, score: float) -> Retrieved:
    """Carry a passage and its document over."""
    chunk = indexed.chunk
    return Retrieved(
        chunk=chunk,
        doc_id=chunk.doc_id,
        doc_version=chunk.doc_version,
        kind=indexed.kind,
        title=indexed.title,
        valid_from=indexed.valid_from,
        valid_to=indexed.valid_to,
        product_ids=chunk.product_ids,
        score=score,
    )
