"""Trains the reader of questions on the training questions and writes `rag/questions/reader.npz`.

Some twenty minutes of one core. `--fit` of `tests.benchmarks.retrieval_questions` fits the decision to answer
afterwards, on questions that the reader has not learnt from.
"""

import argparse
from pathlib import Path

import numpy as np

from rag.adapter_training import print_progress
from rag.documents import load_corpus
from rag.questions.answering import answer_passages
from rag.questions.reader import ADAPTER_FILE
from rag.questions.training import Example, ReaderSettings, train_reader
from rag.store import IndexedChunk, index_text
from tests.benchmarks.retrieval_questions import filters_of
from tests.retrieval_questions import LEARNT_FROM, Question, load_questions


def corpus_passages() -> list[IndexedChunk]:
    """Return the passages of every version of every document, in the corpus's own order."""
    found = [(document, chunk) for document in load_corpus() for chunk in answer_passages(document)]
    return [
        IndexedChunk(place, chunk, document.kind, document.title, document.valid_from, document.valid_to)
        for place, (document, chunk) in enumerate(found)
    ]


def example_of(question: Question, passages: list[IndexedChunk]) -> Example:
    """Return a question as the reader learns from it."""
    filters = filters_of(question)
    admitted = np.array([filters.admit(indexed) for indexed in passages])
    answers = [
        any(indexed.chunk.doc_id == doc and quote in indexed.chunk.text for doc, quote in question.answers)
        for indexed in passages
    ]
    return Example(question.text, admitted, np.array(answers) & admitted)


def main() -> None:
    """Train on the named sets."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ADAPTER_FILE)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    passages = corpus_passages()
    texts = [index_text(indexed.title, indexed.chunk) for indexed in passages]
    questions = [question for name in LEARNT_FROM for question in load_questions(name)]
    examples = [example_of(question, passages) for question in questions]
    train_reader(texts, examples, ReaderSettings(), print_progress).save(chosen.out)


if __name__ == "__main__":
    main()
