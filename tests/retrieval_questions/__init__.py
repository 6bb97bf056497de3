"""Questions to the bank's corpus, with the passages that answer them, and questions that nothing there answers.

The halves are halves by writing order, fixed before anything was tuned: `*_development.yaml` is what choices are made
on, `*_test.yaml` is only measured on. All others were written later, by writers given the documents and none of the
other questions. To learn from: `*_training.yaml`, the pairs of `*_contrast.yaml` (a question, and one on the same thing
that no document answers), and `*_wide.yaml`, by many writers with tasks of their own (what is not sold, the asker's own
records, other times, missing details, short, long, one part of the documents); a question nearly like a measured one
was taken out. To fit the decision on: `*_second.yaml` and `*_decision.yaml`. To be measured on: `*_fresh.yaml` and
`*_final.yaml`, each by one hand, and `*_verdict.yaml` by two, committed before the training they judge. An answer is a
document and a quote that stands verbatim in the version in force on the day of the question; any one of a question's
answers will do.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

ASKED_ON = date(2026, 1, 15)
"""Day of a question that names none."""
HALVES = ("development", "test")
LEARNT_FROM = ("training", "contrast", "wide")
"""What the reader learns from."""
FITTED_ON = ("development", "second", "decision")
"""What the decision to answer is fitted on: the reader has not seen them."""
MEASURED_ON = ("test", "fresh", "final", "verdict")
"""What nothing is chosen on."""
SETS = tuple(dict.fromkeys((*HALVES, *LEARNT_FROM, *FITTED_ON, *MEASURED_ON)))


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
