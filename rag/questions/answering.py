"""Answering: the passages of the corpus that answer a question, or the reason why none is shown.

Belongs here: the search over the documents that state facts (sheets, promotions, answers to questions; never wording
for messages), its order, and the decision to abstain. Passages are found by vectors and by words, fused by reciprocal
rank; the reader (`rag.questions.reader`) puts the fifty best in order, and a small model (`rag.questions.model`)
decides whether one of them answers, from what the reader says and from questions asked before (`rag.questions.asked`).
"""

import math
import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np

from rag.chunking import Chunk, chunk_document
from rag.documents import Document
from rag.embeddings import Embedder
from rag.questions.asked import AskedBefore, load_memory
from rag.questions.asking_day import without_asking_day
from rag.questions.model import AnswerModel, Findings, load_model
from rag.questions.reader import QuestionReader, ReadQuestion, load_reader
from rag.retrieval import SOURCE_KINDS, Filters, Retrieved, fused_scores, retrieved_of, search_words
from rag.sentence_embedder import question_embedder
from rag.store import IndexedChunk, Reading, RefreshReport, Store, index_text

ANSWER_KINDS = (*SOURCE_KINDS, "faq")
"""Kinds of documents that answer questions."""
CANDIDATES = 50
"""Passages that each list gives and that the reader scores (20 to 200)."""
SHOWN = 5
LEAST_EVIDENCE = -15.0
"""Logits below it say no more (-30 to -10)."""
_NAME = re.compile(r"(?<=[^.!?:]\s)[A-Z][A-Za-z&]+")
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Answer:
    """What a question gets.

    Attributes
    ----------
    passages : tuple of Retrieved
        Best first, at most `SHOWN`; also where the question is abstained, for whoever wants to see what was near.
        Their `score` is the reader's.
    abstained : str or None
        Why no passage is taken for an answer: 'nothing_valid' (no document holds on that day, in that state) or
        'unsure'; None = answered.
    probability : float
        That one of the passages answers, by the model; 0 where nothing is valid.
    """

    passages: tuple[Retrieved, ...]
    abstained: str | None
    probability: float


@dataclass(frozen=True)
class Examined:
    """A question before the decision: passages best first, and what the decision rests on; None = nothing valid."""

    passages: tuple[Retrieved, ...]
    findings: Findings | None


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
        Finds the candidates; default: `rag.sentence_embedder.question_embedder`.
    reader : QuestionReader, optional
        Puts them in order; default: the one that ships.
    model : AnswerModel, optional
        Default: the one that ships.
    """

    def __init__(
        self,
        path: Path | str,
        embedder: Embedder | None = None,
        reader: QuestionReader | None = None,
        model: AnswerModel | None = None,
    ) -> None:
        self.store = Store(path, embedder or question_embedder(), Reading("questions", answer_passages, index_text))
        self._reader = reader
        self._model = model

    def refresh(self, documents: list[Document]) -> RefreshReport:
        """Make the index hold exactly the answering passages of `documents`; see `Store.refresh`."""
        report = self.store.refresh(documents)
        for known in ("_known_words", "memory"):
            self.__dict__.pop(known, None)
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
            return Answer((), "nothing_valid", 0.0)
        model = self._model or load_model()
        probability = model.probability(examined.findings)
        return Answer(examined.passages, None if probability >= model.threshold else "unsure", probability)

    def examine(self, question: str, filters: Filters, k: int = SHOWN) -> Examined:
        """Search for a question and collect what the decision to answer rests on."""
        admitted = [indexed for indexed in self.store.chunks() if filters.admit(indexed)]
        if not admitted:
            return Examined((), None)
        question = without_asking_day(question, filters.send_date)
        candidates = self._candidates(question, admitted)
        texts = [index_text(indexed.title, indexed.chunk) for indexed in candidates]
        read = (self._reader or load_reader()).read(question, texts)
        order = sorted(range(len(candidates)), key=lambda n: (-read.scores[n], candidates[n].chunk.chunk_id))
        passages = tuple(retrieved_of(candidates[n], float(read.scores[n])) for n in order[:k])
        return Examined(passages, self._findings(question, read, {indexed.chunk.doc_id for indexed in admitted}))

    def _candidates(self, question: str, admitted: list[IndexedChunk]) -> list[IndexedChunk]:
        """Return the passages that the reader looks at."""
        row_ids = [indexed.row_id for indexed in admitted]
        near = self.store.nearest(question, row_ids, CANDIDATES)
        fused = fused_scores(near, self.store.matching(search_words(question), row_ids, CANDIDATES))
        kept = sorted(fused, key=lambda row_id: (-fused[row_id], row_id))[:CANDIDATES]
        by_id = {indexed.row_id: indexed for indexed in admitted}
        return [by_id[row_id] for row_id in kept]

    def _findings(self, question: str, read: ReadQuestion, in_force: set[str]) -> Findings:
        """Return the features of the decision to answer."""
        names = [name.casefold() for name in _NAME.findall(question)]
        return Findings(
            evidence=max(math.log(math.fsum(np.exp(read.scores))), LEAST_EVIDENCE),
            asked_before=self.memory.leaning(read.vector, in_force) if self.memory else None,
            unknown_names=float(any(name not in self._known_words for name in names)),
        )

    @cached_property
    def memory(self) -> AskedBefore | None:
        """The questions asked before, if they were asked of these documents."""
        memory = load_memory()
        return memory if memory.is_of({indexed.chunk.doc_id for indexed in self.store.chunks()}) else None

    @cached_property
    def _known_words(self) -> frozenset[str]:
        """Every word of the corpus, and 'I'."""
        words = {"i"}
        for indexed in self.store.chunks():
            words.update(_WORD.findall(index_text(indexed.title, indexed.chunk).casefold()))
        return frozenset(words)
