"""Questions to the bank's corpus, with the passages that answer them, and questions that nothing there answers.

The halves are halves by writing order, fixed before anything was tuned: `*_development.yaml` is what choices are made
on, `*_test.yaml` is only measured on. `*_training.yaml` and `*_fresh.yaml` were written later by writers given
the documents and none of the other questions: the first to learn from, the second to be measured on once. So were the
pairs of `*_contrast.yaml`: a question, and one on the same thing that no document answers; they teach what a passage
leaves out. An answer is a document and a quote that stands verbatim in the version in force on the day of the question;
any one of a question's answers will do.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

ASKED_ON = date(2026, 1, 15)
"""Day of a question that names none."""
HALVES = ("development", "test")
LEARNT_FROM = ("training", "contrast")
"""What the reader learns from."""
LATER = ("second", *LEARNT_FROM)
"""Written after the first measurement on the test half; never counted in the two halves."""
FRESH = "fresh"
"""Measured on once, after everything was chosen."""


@dataclass(frozen=True)
class Question:
    """One question: the day and state it is asked in, and what answers it; no answers = unanswerable."""

    text: str
    asked_on: date
    state: str | None
    answers: tuple[tuple[str, str], ...]
    topic: str | None


def load_questions(half: str) -> list[Question]:
    """Read the answerable and then the unanswerable questions of one of the sets, in writing order."""
    questions = []
    for name in ("answerable", "unanswerable"):
        path = Path(__file__).parent / f"{name}_{half}.yaml"
        for row in yaml.safe_load(path.read_text(encoding="utf-8")):
            questions.append(
                Question(
                    text=row["question"],
                    asked_on=row.get("asked_on", ASKED_ON),
                    state=row.get("state"),
                    answers=tuple((doc_id, quote) for doc_id, quote in row.get("answers", ())),
                    topic=row.get("topic"),
                )
            )
    return questions
