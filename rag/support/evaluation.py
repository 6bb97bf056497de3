"""Measuring the support model beside plain word overlap and embedding similarity.

Belongs here: figures with intervals on pairs whose labels are known. `python -m rag.support.evaluation FILE...` prints
them for files of passages, and for perturbed regulations and statutes where WORDBOND_REAL_DATA names
their folder.
"""

import os
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.support.artefact import load_or_train, models_folder
from rag.support.cross_encoder import held_out_scores
from rag.support.features import FEATURES
from rag.support.generator import GeneratorSettings, Pair, generate_pairs, hand_pairs
from rag.support.model import SupportModel, pair_rows
from rag.support.passages import NATURAL_DIR, Passage, read_all_passages, read_passages

Numbers = npt.NDArray[np.float64]
BASELINES = {"word overlap": "exact_best", "embedding similarity": "cosine_best"}
"""Name and feature: weighted share of the claim's words in the best sentence; cosine of claim and best sentence."""
LEGAL_SETTINGS = GeneratorSettings(seed=7, kept=2, broken=2, topical=1, max_sentences=4, document_share=1.0)


@dataclass(frozen=True)
class Figure:
    """An estimate with a 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def area_under_curve(labels: npt.NDArray[np.bool_], scores: Numbers) -> float:
    """Return the chance that a supported pair scores above an unsupported one, ties counting half."""
    from scipy.stats import rankdata

    positives = int(labels.sum())
    negatives = len(labels) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[labels].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def balanced_accuracy(labels: npt.NDArray[np.bool_], verdicts: npt.NDArray[np.bool_]) -> float:
    """Return the mean of the shares of supported and of unsupported pairs judged right; nan for one class."""
    if labels.all() or not labels.any():
        return float("nan")
    return float((verdicts[labels].mean() + (~verdicts[~labels]).mean()) / 2)


def bootstrap(
    statistic: str, labels: npt.NDArray[np.bool_], values: npt.NDArray, groups: Sequence[str], draws: int = 1000
) -> Figure:
    """Return a statistic with a percentile interval from resampling whole groups (passages), seed fixed.

    Parameters
    ----------
    statistic : str
        'auc' (values are scores) or 'accuracy' (values are verdicts).
    labels, values : ndarray, (n,)
        Per pair.
    groups : sequence of str, length n
        Pairs of one passage are drawn together: they are not independent.
    draws : int
        Resamples, at least 100.
    """
    measure = area_under_curve if statistic == "auc" else balanced_accuracy
    places: dict[str, list[int]] = {}
    for i, group in enumerate(groups):
        places.setdefault(group, []).append(i)
    members = [np.array(found) for found in places.values()]
    rng = np.random.default_rng(20260103)
    drawn = []
    for _ in range(draws):
        chosen = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        drawn.append(measure(labels[chosen], values[chosen]))
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Figure(measure(labels, values), float(low), float(high))


def legal_pairs(folder: Path, documents: int = 60) -> dict[str, list[Pair]]:
    """Return perturbed pairs of regulations and statutes, {} where the folder has neither.

    Parameters
    ----------
    folder : Path
        Holds `regulations/cfr_title12.parquet` and `usc_statutes/us_code_sections.parquet` (columns id, text).
    documents : int
        Sections drawn of each.
    """
    import pandas as pd

    found = {}
    for name, path in (
        ("regulations", "regulations/cfr_title12.parquet"),
        ("statutes", "usc_statutes/us_code_sections.parquet"),
    ):
        if (folder / path).exists():
            rows = pd.read_parquet(folder / path)[["id", "text"]].astype(str).to_dict("records")
            found[name] = generate_pairs(_legal_passages(rows, documents), LEGAL_SETTINGS)
    return found


def _legal_passages(rows: list[dict], documents: int) -> list[Passage]:
    rng = random.Random(1)  # noqa: S311 - reproducible, nothing secret
    rng.shuffle(rows)
    passages = []
    for row in rows[:documents]:
        paragraphs = [line.strip(" #")[:1500] for line in row["text"].splitlines() if len(line.split()) > 6]
        if paragraphs:
            start = rng.randrange(max(1, len(paragraphs) - 4))
            passages.append(Passage(row["id"], "law", tuple(paragraphs[start : start + 5]), (), ()))
    return passages


def report_rows(name: str, pairs: list[Pair], model: SupportModel) -> list[str]:
    """Return the lines of a Markdown table: the model and the baselines on one set of pairs.

    The baselines' threshold is the best one on the set itself: an advantage they get and the model does not.
    """
    labels = np.array([pair.is_supported for pair in pairs])
    groups = [pair.group for pair in pairs]
    judged = [
        judgement
        for start in range(0, len(pairs), 256)
        for judgement in model.judge([(pair.claim, pair.evidence) for pair in pairs[start : start + 256]])
    ]
    scores = np.array([judgement.score for judgement in judged])
    verdicts = np.array([judgement.supported for judgement in judged])
    lines = [_line(name, len(pairs), "support model", labels, scores, verdicts, groups)]
    rows = pair_rows(pairs)
    for shown, feature in BASELINES.items():
        values = rows[:, list(FEATURES).index(feature)].astype(np.float64)
        best = _best_threshold(labels, values)
        lines.append(_line(name, len(pairs), shown, labels, values, values >= best, groups))
    return lines


def natural_rows(model: SupportModel) -> list[str]:
    """Return table lines for each file of natural passages, none of it seen by what scores it.

    The cross-encoder's scores come from adapters that learnt from other files; the gradient boosting never learns from
    these passages, and its lines are for comparison: its threshold is the best one on the file itself.
    """
    pairs = hand_pairs(read_all_passages(NATURAL_DIR))
    read, rows = held_out_scores(pairs), pair_rows(pairs)
    scores, alone = model.score_rows(rows, read), model.score_rows(rows, np.zeros(len(rows)))
    labels = np.array([pair.is_supported for pair in pairs])
    files = np.array([pair.group.split(":")[0] for pair in pairs])
    lines = []
    for name, of in [*((file, files == file) for file in sorted(set(files))), ("all files", np.ones(len(files), bool))]:
        groups = [pairs[i].group for i in np.flatnonzero(of)]
        shown = f"{name}, held out"
        verdicts = scores[of] >= model.threshold
        lines.append(_line(shown, len(groups), "support model", labels[of], scores[of], verdicts, groups))
        verdicts = alone[of] >= _best_threshold(labels[of], alone[of])
        lines.append(_line(shown, len(groups), "without the cross-encoder", labels[of], alone[of], verdicts, groups))
    return lines


def _best_threshold(labels: npt.NDArray[np.bool_], values: Numbers) -> float:
    candidates = np.unique(np.round(values, 2))
    accuracy = [round(balanced_accuracy(labels, values >= at), 6) for at in candidates]
    return float(candidates[int(np.argmax(accuracy))])


def _line(
    name: str,
    count: int,
    method: str,
    labels: npt.NDArray[np.bool_],
    scores: Numbers,
    verdicts: npt.NDArray[np.bool_],
    groups: Sequence[str],
) -> str:
    area = bootstrap("auc", labels, scores, groups)
    accuracy = bootstrap("accuracy", labels, verdicts, groups)
    return f"| {name} | {count} | {method} | {area} | {accuracy} |"


def main(paths: Sequence[str]) -> None:
    """Print the table for files of passages and, where present, for regulations and statutes."""
    model = load_or_train(models_folder())
    sets = {Path(path).stem: hand_pairs(read_passages(Path(path))) for path in paths}
    joined = [replace(pair, group=pair.group.split(":")[1]) for pairs in sets.values() for pair in pairs]
    if len(sets) > 1:
        sets["all files"] = joined
    real = os.environ.get("WORDBOND_REAL_DATA")
    sets |= legal_pairs(Path(real)) if real else {}
    sys.stdout.write(f"threshold {model.threshold}: {model.threshold_reason}\n\n")
    sys.stdout.write("| pairs | n | method | AUC | balanced accuracy |\n|---|---|---|---|---|\n")
    for name, pairs in sets.items():
        sys.stdout.write("\n".join(report_rows(name, pairs, model)) + "\n")
    sys.stdout.write("\n".join(natural_rows(model)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
