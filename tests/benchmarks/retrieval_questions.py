"""How well questions find their passages, and how well the unanswerable ones are left alone, by half of the set.

`--fit` fits the decision to answer on questions the reader has not learnt from and writes its parameters; the reader is
trained by `tests.benchmarks.retrieval_training`.
Recall@5 = share of the answerable questions with an answering passage among the first five. Intervals are Wilson's,
95 %.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from math import sqrt

import numpy as np

from rag.documents import load_corpus
from rag.embeddings import Embedder, WordLlamaEmbedder
from rag.questions.answering import ANSWER_KINDS, QuestionIndex, answer_passages
from rag.questions.model import AnswerModel, Findings, fit_logistic, write_model
from rag.retrieval import Filters, Retrieved, fused_scores, retrieved_of, search_words
from rag.sentence_embedder import MiniLmEmbedder
from rag.store import Reading, Store, index_text
from tests.retrieval_questions import FITTED_ON, HALVES, SETS, Question, load_questions

FOLDS, REPEATS = 8, 8

Search = Callable[[Question], list[Retrieved]]


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Return the Wilson 95 % interval of a share."""
    z, share = 1.959964, hits / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return middle - half, middle + half


def told(hits: int, total: int) -> str:
    """Return a share with its interval."""
    low, high = wilson(hits, total)
    return f"{hits:>4} of {total} = {hits / total:.3f}  [{low:.3f}, {high:.3f}]"


def filters_of(question: Question) -> Filters:
    """Return the filters a question is asked with."""
    return Filters(send_date=question.asked_on, states=(question.state,) if question.state else None)


def is_answered(question: Question, passages: list[Retrieved] | tuple[Retrieved, ...], k: int = 5) -> bool:
    """Tell whether one of the first k passages answers."""
    return any(
        item.doc_id == doc and quote in item.chunk.text for item in passages[:k] for doc, quote in question.answers
    )


def single_searches(embedder: Embedder) -> dict[str, Search]:
    """Return the searches that are compared: words alone, vectors alone, both fused, over plain passages."""
    store = Store(":memory:", embedder, Reading("plain answers", answer_passages, index_text))
    store.refresh(load_corpus())

    def found(question: Question, with_vectors: bool, with_words: bool) -> list[Retrieved]:
        filters = filters_of(question)
        admitted = {i.row_id: i for i in store.chunks() if i.kind in ANSWER_KINDS and filters.admit(i)}
        lists = []
        if with_vectors:
            lists.append(store.nearest(question.text, list(admitted), len(admitted)))
        if with_words:
            lists.append(store.matching(search_words(question.text), list(admitted), len(admitted)))
        fused = fused_scores(*lists)
        return [retrieved_of(admitted[row], fused[row]) for row in sorted(fused, key=lambda row: (-fused[row], row))]

    return {
        "words alone (FTS5)": lambda question: found(question, False, True),
        f"vectors alone ({embedder.name})": lambda question: found(question, True, False),
        f"fused ({embedder.name} + FTS5)": lambda question: found(question, True, True),
    }


def print_recall(name: str, questions: list[Question], search: Search) -> None:
    """Print recall@5 of one search."""
    asked = [question for question in questions if question.answers]
    found = [search(question) for question in asked]
    hits = [sum(is_answered(q, passages, k) for q, passages in zip(asked, found, strict=True)) for k in (1, 5)]
    print(f"  {name:42} recall@5 {told(hits[1], len(asked))}   recall@1 {hits[0] / len(asked):.3f}")


def print_decisions(index: QuestionIndex, questions: list[Question]) -> None:
    """Print recall and abstentions of the whole line, and what goes wrong, by topic."""
    answers = [(question, index.ask(question.text, question.asked_on, question.state)) for question in questions]
    good = [(q, a) for q, a in answers if q.answers]
    bad = [(q, a) for q, a in answers if not q.answers]
    hits = sum(is_answered(q, a.passages) for q, a in good)
    print(f"  {'the whole line':42} recall@5 {told(hits, len(good))}")
    print(f"  {'answerable, abstained':42}          {told(sum(a.abstained is not None for _, a in good), len(good))}")
    print(f"  {'unanswerable, abstained':42}          {told(sum(a.abstained is not None for _, a in bad), len(bad))}")
    by_topic = Counter(q.topic for q, _ in bad)
    kept = Counter(q.topic for q, a in bad if a.abstained)
    print("  by topic: " + ", ".join(f"{topic} {kept[topic]}/{count}" for topic, count in sorted(by_topic.items())))


def print_times(index: QuestionIndex, questions: list[Question]) -> None:
    """Print how long a question takes, once every passage has been read."""
    seconds = []
    for warm in (False, True):
        for question in questions:
            started = time.perf_counter()
            index.ask(question.text, question.asked_on, question.state)
            seconds += [time.perf_counter() - started] if warm else []
    median, most = np.quantile(seconds, (0.5, 0.95)) * 1000
    print(f"  {'a question, wall time':42} median {median:.0f} ms, 95 % within {most:.0f} ms")


def fit(index: QuestionIndex) -> AnswerModel:
    """Fit the decision on sets that neither the reader nor a test has.

    The threshold is where, cross-validated, the share of answerable questions answered and the share of unanswerable
    ones abstained are nearest to each other.
    """
    questions = [question for name in FITTED_ON for question in load_questions(name)]
    examined = [(q, index.examine(q.text, filters_of(q))) for q in questions]
    rows = np.array([e.findings.row() for _, e in examined if e.findings])
    answered = np.array([bool(q.answers) for q, e in examined if e.findings])
    probability = np.zeros(len(rows))
    for repeat in range(REPEATS):
        folds = np.random.default_rng(repeat).permutation(len(rows)) % FOLDS
        for fold in range(FOLDS):
            model = fit_logistic(rows[folds != fold], answered[folds != fold], 0.5, "")
            held = [model.probability(Findings(*row)) for row in rows[folds == fold]]
            probability[folds == fold] += np.array(held) / REPEATS
    total = sum(bool(q.answers) for q in questions)
    unanswerable = len(questions) - total
    refused = sum(not q.answers and not e.findings for q, e in examined)

    def shares(threshold: float) -> tuple[int, int]:
        kept = int((probability[answered] >= threshold).sum())
        return kept, refused + int((probability[~answered] < threshold).sum())

    def gap(threshold: float) -> float:
        kept, caught = shares(threshold)
        return abs(kept / total - caught / unanswerable)

    threshold = min((round(step / 200, 3) for step in range(1, 200)), key=gap)
    kept, caught = shares(threshold)
    print(f"  cross-validated: answerable, answered {told(kept, total)}")
    print(f"  cross-validated: unanswerable, abstained {told(caught, unanswerable)}")
    note = f"{total} answerable and {unanswerable} unanswerable questions of the sets {', '.join(FITTED_ON)}"
    return fit_logistic(rows, answered, threshold, note)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=SETS, action="append", help="default: both")
    parser.add_argument("--fit", action="store_true", help="fit the decision first")
    parser.add_argument("--plain", action="store_true", help="leave the compared searches out")
    chosen = parser.parse_args()
    index = QuestionIndex(":memory:")
    started = time.monotonic()
    report = index.refresh(load_corpus())
    print(f"{report.added} passages indexed in {time.monotonic() - started:.1f} s", file=sys.stderr)
    if chosen.fit:
        write_model(fit(index))
    searches = {} if chosen.plain else single_searches(WordLlamaEmbedder()) | single_searches(MiniLmEmbedder())
    for half in chosen.half or HALVES:
        questions = load_questions(half)
        print(f"{half} half")
        for name, search in searches.items():
            print_recall(name, questions, search)
        print_decisions(index, questions)
        print_times(index, questions)


if __name__ == "__main__":
    main()
