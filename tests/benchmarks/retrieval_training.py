"""Trains the reader of questions on the training questions, and writes it and its memory of them.

Some twenty minutes of one core; `--memory` makes the memory alone, with the reader that ships, in one. `--fit` of
`tests.benchmarks.retrieval_questions` fits the decision to answer afterwards, on questions that neither has seen.
"""

import argparse

import numpy as np

from rag.adapter_training import print_progress
from rag.documents import load_corpus
from rag.questions.answering import answer_passages
from rag.questions.asked import remember
from rag.questions.asking_day import without_asking_day
from rag.questions.reader import ADAPTER_FILE, load_reader
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


def asked(question: Question) -> str:
    """Return a question as the reader is given it."""
    return without_asking_day(question.text, question.asked_on)


def example_of(question: Question, passages: list[IndexedChunk]) -> Example:
    """Return a question as the reader learns from it."""
    filters = filters_of(question)
    admitted = np.array([filters.admit(indexed) for indexed in passages])
    answers = [
        any(indexed.chunk.doc_id == doc and quote in indexed.chunk.text for doc, quote in question.answers)
        for indexed in passages
    ]
    return Example(asked(question), admitted, np.array(answers) & admitted)


def train(questions: list[Question]) -> None:
    """Train the reader and write it."""
    passages = corpus_passages()
    texts = [index_text(indexed.title, indexed.chunk) for indexed in passages]
    examples = [example_of(question, passages) for question in questions]
    train_reader(texts, examples, ReaderSettings(), print_progress).save(ADAPTER_FILE)


def main() -> None:
    """Train on the named sets, and remember them."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", action="store_true", help="only the memory")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    questions = [question for name in LEARNT_FROM for question in load_questions(name)]
    if not chosen.memory:
        train(questions)
    vectors = load_reader().vectors([asked(question) for question in questions])
    remember(vectors, [[doc_id for doc_id, _ in question.answers] for question in questions]).save()


if __name__ == "__main__":
    main()
