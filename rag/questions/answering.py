"""Answering: the passages of the corpus that answer a question, or the reason why none is shown.

Belongs here: the search over the documents that state facts (sheets, promotions, answers to questions; never wording
for messages), its order, and the decision to abstain. Passages are found by vectors and by words, both over text and
topics, fused by reciprocal rank; the fifty best are put in order by cosine, topics, product and kind of value.

A question is refused by name where only the asker's own records could answer, where it asks for advice or a
forecast, and where it names a subject, state or term that no valid document of the product holds; otherwise a small
model decides whether what was found answers it (`rag.questions.model`).
"""

import math
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from rag.chunking import Chunk, chunk_document
from rag.documents import Document
from rag.embeddings import Embedder
from rag.questions.model import AnswerModel, Findings, load_model
from rag.questions.vocabulary import find_topics, load_vocabulary, states_listed, states_named, with_topics
from rag.questions.wants import (
    asks_for_advice,
    asks_for_own_records,
    named_terms,
    share_missing,
    terms_of,
    wanted_kinds,
)
from rag.retrieval import SOURCE_KINDS, Filters, Retrieved, fused_scores, retrieved_of, search_words
from rag.sentence_embedder import question_embedder
from rag.store import IndexedChunk, Reading, RefreshReport, Store, index_text

ANSWER_KINDS = (*SOURCE_KINDS, "faq")
"""Kinds of documents that answer questions."""
CANDIDATES = 50
"""Passages that each list gives and that are put in order (20 to 200)."""
SHOWN = 5
UNCOVERED_WEIGHT, MISSING_WEIGHT, OTHER_PRODUCT_WEIGHT = 0.05, 0.05, 0.1
OWN_PRODUCT_WEIGHT, WORDS_WEIGHT, MOST_WORDS = 0.05, 0.02, 3.0
"""What the order takes off and adds, in units of cosine; chosen on the development half of the question set."""
_NAMING_KINDS = ("product_sheet", "rate_sheet", "fee_schedule")
_NAME = re.compile(r"(?<=[^.!?:]\s)[A-Z][A-Za-z&]+")
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Answer:
    """What a question gets.

    Attributes
    ----------
    passages : tuple of Retrieved
        Best first, at most `SHOWN`; also where the question is abstained, for whoever wants to see what was near.
    abstained : str or None
        Why no passage is taken for an answer: 'nothing_valid', 'own_records', 'advice', 'topic: mortgage',
        'state: OH', 'term', 'unsure'; None = answered.
    probability : float
        That one of the passages answers, by the model; 0 where the question is refused by name.
    """

    passages: tuple[Retrieved, ...]
    abstained: str | None
    probability: float


@dataclass(frozen=True)
class Examined:
    """A question before the decision: passages best first, why it is refused by name, and the features otherwise."""

    passages: tuple[Retrieved, ...]
    refusal: str | None
    findings: Findings | None


@dataclass(frozen=True)
class _Candidate:
    """One passage with what it has of a question."""

    indexed: IndexedChunk
    cosine: float
    word_score: float
    covered: float
    uncovered: int
    missing: float
    order: float


@dataclass(frozen=True)
class _Asked:
    """A question with what it names."""

    text: str
    topics: frozenset[str]
    products: frozenset[str]
    kinds: tuple[str, ...]


def answer_passages(document: Document) -> list[Chunk]:
    """Return the passages of a document that may answer a question: none of wording, none that only a message uses."""
    if document.kind not in ANSWER_KINDS:
        return []
    return [chunk for chunk in chunk_document(document) if not chunk.tag("role")]


class QuestionIndex:
    """The corpus as it is asked.

    Parameters
    ----------
    path : Path or str
        The index file; ':memory:' for a test.
    embedder : Embedder, optional
        Default: `rag.sentence_embedder.question_embedder`.
    model : AnswerModel, optional
        Default: the one that ships.
    """

    def __init__(self, path: Path | str, embedder: Embedder | None = None, model: AnswerModel | None = None) -> None:
        reading = Reading(
            f"questions:{load_vocabulary().version}",
            answer_passages,
            lambda title, chunk: with_topics(index_text(title, chunk)),
        )
        self.store = Store(path, embedder or question_embedder(), reading)
        self._model = model

    def refresh(self, documents: list[Document]) -> RefreshReport:
        """Make the index hold exactly the answering passages of `documents`; see `Store.refresh`."""
        report = self.store.refresh(documents)
        for name in ("_topics", "_weights", "_products", "_known_words"):
            self.__dict__.pop(name, None)
        return report

    def ask(
        self, question: str, asked_on: date, state: str | None = None, channel: str | None = None, k: int = SHOWN
    ) -> Answer:
        """Answer a question from the documents valid on a day, or say why not.

        Parameters
        ----------
        question : str
            As a customer or an employee asks it.
        asked_on : date
            Only documents valid on it are looked at.
        state : str, optional
            ISO 3166-2; documents that do not hold there are left out.
        channel : str, optional
            Passages for other channels are left out.
        k : int
            Passages to return.

        Returns
        -------
        Answer
        """
        filters = Filters(
            send_date=asked_on,
            states=(state,) if state else None,
            tags=(("channel", channel),) if channel else (),
        )
        examined = self.examine(question, filters, k)
        if examined.findings is None:
            return Answer(examined.passages, examined.refusal, 0.0)
        model = self._model or load_model()
        probability = model.probability(examined.findings)
        return Answer(examined.passages, None if probability >= model.threshold else "unsure", probability)

    def examine(self, question: str, filters: Filters, k: int = SHOWN) -> Examined:
        """Search for a question and collect what the decision to answer rests on."""
        admitted = [indexed for indexed in self.store.chunks() if filters.admit(indexed)]
        if not admitted:
            return Examined((), "nothing_valid", None)
        topics = find_topics(question)
        asked = _Asked(question, topics, self._products_named(topics), wanted_kinds(question))
        cosines, candidates = self._candidates(asked, admitted)
        passages = tuple(retrieved_of(item.indexed, round(item.order, 6)) for item in candidates[:k])
        refusal = self._refusal(asked, admitted, candidates)
        return Examined(passages, refusal, None if refusal else self._findings(asked, cosines, candidates))

    def _candidates(self, asked: _Asked, admitted: list[IndexedChunk]) -> tuple[list[float], list[_Candidate]]:
        """Return the largest cosines, and the candidates best first."""
        query = with_topics(asked.text)
        row_ids = [indexed.row_id for indexed in admitted]
        cosines = self.store.neighbours(self.store.embedder.embed([query]), row_ids, CANDIDATES)
        word_scores = self.store.word_scores(search_words(query), row_ids, CANDIDATES)
        fused = fused_scores(list(cosines), list(word_scores))
        kept = sorted(fused, key=lambda row_id: (-fused[row_id], row_id))[:CANDIDATES]
        by_id = {indexed.row_id: indexed for indexed in admitted}
        far = min(cosines.values(), default=0.0)
        found = [
            self._candidate(asked, by_id[row_id], cosines.get(row_id, far), word_scores.get(row_id, 0.0) / 10)
            for row_id in kept
        ]
        found.sort(key=lambda item: (-item.order, item.indexed.chunk.chunk_id))
        return list(cosines.values()), found

    def _candidate(self, asked: _Asked, indexed: IndexedChunk, cosine: float, word_score: float) -> _Candidate:
        """Judge one passage."""
        chunk = indexed.chunk
        here = self._topics[indexed.row_id]
        covered = sum(self._weights[topic] for topic in sorted(asked.topics & here)) / 5
        uncovered = sum(self._weights.get(topic, self._most) for topic in sorted(asked.topics - here)) / 5
        missing = share_missing(asked.kinds, chunk.text)
        about = self._about(asked, chunk)
        order = (
            cosine
            - UNCOVERED_WEIGHT * uncovered
            - MISSING_WEIGHT * missing
            + (OWN_PRODUCT_WEIGHT if about else -OTHER_PRODUCT_WEIGHT if about is False else 0.0)
            + WORDS_WEIGHT * min(word_score, MOST_WORDS)
        )
        return _Candidate(indexed, cosine, word_score, covered, len(asked.topics - here), missing, order)

    @staticmethod
    def _about(asked: _Asked, chunk: Chunk) -> bool | None:
        """Tell whether a passage is about a product asked for; None = nothing named, or the passage is general."""
        if not asked.products or not chunk.product_ids:
            return None
        return bool(asked.products & set(chunk.product_ids))

    def _refusal(self, asked: _Asked, admitted: list[IndexedChunk], candidates: list[_Candidate]) -> str | None:
        """Return why a question is refused by name, or None."""
        if asks_for_own_records(asked.text):
            return "own_records"
        if asks_for_advice(asked.text):
            return "advice"
        own = [indexed for indexed in admitted if self._about(asked, indexed.chunk) is not False]
        here = frozenset().union(*(self._topics[indexed.row_id] for indexed in own))
        unheard = sorted((asked.topics & load_vocabulary().subjects) - here)
        if unheard:
            return f"topic: {unheard[0]}"
        states = states_named(asked.text)
        if states and not any(states & states_listed(indexed.chunk.text) for indexed in own):
            return f"state: {min(states)}"
        terms = named_terms(asked.text)
        if terms and not any(terms <= terms_of(index_text(c.indexed.title, c.indexed.chunk)) for c in candidates[:10]):
            return "term"
        return None

    def _findings(self, asked: _Asked, cosines: list[float], candidates: list[_Candidate]) -> Findings:
        """Return the features of the decision to answer."""
        found = candidates[:SHOWN]
        nearest = sorted(cosines, reverse=True)[:10]
        names = [name for name in _NAME.findall(asked.text) if name.casefold() not in self._known_words]
        return Findings(
            cosine_best=max(item.cosine for item in found),
            cosine_first=found[0].cosine,
            cosine_field=sum(nearest) / max(len(nearest), 1),
            word_score=max(item.word_score for item in found),
            topics_covered=max(item.covered for item in found),
            topics=len(asked.topics),
            value_missing=min(item.missing for item in found),
            completeness=max(-item.missing - min(2, item.uncovered) for item in found),
            unknown_names=float(any(not states_named(name) for name in names)),
        )

    @cached_property
    def _topics(self) -> dict[int, frozenset[str]]:
        """Topics of every passage, by row id."""
        return {i.row_id: find_topics(index_text(i.title, i.chunk)) for i in self.store.chunks()}

    @cached_property
    def _weights(self) -> dict[str, float]:
        """How much a topic tells passages apart: the logarithm of its inverse document frequency."""
        counts = Counter(topic for topics in self._topics.values() for topic in topics)
        return {topic: math.log((len(self._topics) + 1) / (count + 0.5)) for topic, count in counts.items()}

    @property
    def _most(self) -> float:
        """The weight of a topic that no passage has."""
        return math.log((len(self._topics) + 1) / 0.5)

    @cached_property
    def _products(self) -> dict[str, frozenset[str]]:
        """Topics by product: what the titles of its own sheets have in common."""
        common: dict[str, frozenset[str]] = {}
        for indexed in self.store.chunks():
            if indexed.kind in _NAMING_KINDS and len(indexed.chunk.product_ids) == 1:
                topics, (product,) = find_topics(indexed.title), indexed.chunk.product_ids
                common[product] = common.get(product, topics) & topics
        return common

    def _products_named(self, topics: frozenset[str]) -> frozenset[str]:
        """Return the products whose topics a question names most of; empty if it names none."""
        shared = {product: len(names & topics) for product, names in self._products.items()}
        most = max(shared.values(), default=0)
        return frozenset(product for product, count in shared.items() if count == most > 0)

    @cached_property
    def _known_words(self) -> frozenset[str]:
        """Every word of the corpus, and 'I'."""
        words = {"i"}
        for indexed in self.store.chunks():
            words.update(_WORD.findall(index_text(indexed.title, indexed.chunk).casefold()))
        return frozenset(words)
