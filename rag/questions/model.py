"""The decision to answer: a small logistic model over what a search found, fitted on questions new to the reader.

Belongs here: its features, the parameters in `model.json`, and the fit that wrote them
(`python -m tests.benchmarks.retrieval_questions --fit`).
"""

import json
import math
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

MODEL_FILE = Path(__file__).parent / "model.json"


@dataclass(frozen=True)
class Findings:
    """What the decision about one question rests on.

    Attributes
    ----------
    evidence : float
        Logit that some passage answers rather than none: the logarithm of the sum over passages of exp(logit).
    asked_before : float or None
        To which side the nearest questions asked before lean (`rag.questions.asked`); None where none were asked of
        these documents: it then counts as its mean.
    unknown_names : float
        1 if the question holds, within a sentence, a capitalised word that stands nowhere in the corpus.
    """

    evidence: float
    asked_before: float | None
    unknown_names: float

    def row(self) -> list[float]:
        """Return the features in the order of the fields; NaN for None."""
        values = (getattr(self, field.name) for field in fields(self))
        return [math.nan if value is None else float(value) for value in values]


@dataclass(frozen=True)
class AnswerModel:
    """Logistic regression over standardised `Findings`, and the probability below which it abstains.

    Attributes
    ----------
    means, scales, weights : tuple of float
        In the order of `Findings`.
    intercept, threshold : float
    fitted_on : str
        What it was fitted on.
    """

    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    threshold: float
    fitted_on: str

    def probability(self, findings: Findings) -> float:
        """Return the probability that one of the passages found answers the question."""
        parts = zip(findings.row(), self.means, self.scales, self.weights, strict=True)
        score = self.intercept + sum(
            weight * (value - mean) / scale for value, mean, scale, weight in parts if not math.isnan(value)
        )
        return round(1 / (1 + math.exp(-score)), 6)


def fit_logistic(
    rows: npt.NDArray[np.float64], answered: npt.NDArray[np.bool_], threshold: float, fitted_on: str
) -> AnswerModel:
    """Fit the model.

    Parameters
    ----------
    rows : ndarray, (questions, features)
        Without NaN.
    answered : ndarray of bool, (questions,)
        True where a passage of the corpus answers.
    threshold : float
    fitted_on : str

    Returns
    -------
    AnswerModel
        L2-regularised (C = 0.2, chosen by cross-validation on the development half) with balanced classes.
    """
    from sklearn.linear_model import LogisticRegression

    means, scales = rows.mean(axis=0), rows.std(axis=0)
    scales[scales == 0] = 1.0
    fitted = LogisticRegression(C=0.2, max_iter=3000, class_weight="balanced").fit((rows - means) / scales, answered)
    weights = fitted.coef_[0]
    return AnswerModel(
        means=_rounded(means),
        scales=_rounded(scales),
        weights=_rounded(weights),
        intercept=round(float(fitted.intercept_[0]), 5),
        threshold=threshold,
        fitted_on=fitted_on,
    )


def _rounded(values: npt.NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), 5) for value in values)


def write_model(model: AnswerModel, path: Path = MODEL_FILE) -> None:
    """Write the parameters, one feature a line."""
    names = [field.name for field in fields(Findings)]
    body = asdict(model) | {
        key: dict(zip(names, getattr(model, key), strict=True)) for key in ("means", "scales", "weights")
    }
    path.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")


@cache
def load_model(path: Path = MODEL_FILE) -> AnswerModel:
    """Read the parameters that ship with the project, once."""
    body = json.loads(path.read_text(encoding="utf-8"))
    names = [field.name for field in fields(Findings)]
    return AnswerModel(
        **body | {key: tuple(body[key][name] for name in names) for key in ("means", "scales", "weights")}
    )
