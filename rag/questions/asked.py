"""Questions asked before, and whether documents in force answer those nearest to a new one.

Belongs here: the memory of questions, kept as small vectors with the documents that answered each, and what it says of
a new question. The reader knows what a passage says; the memory knows what is asked that no passage says.

A question that a document answered counts as answered only where that document holds on the day and in the state of the
new question. A memory of other documents says nothing: see `AskedBefore.is_of`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

MEMORY_FILE = Path(__file__).parent / "asked.npz"
NEAREST = 3
"""Questions of either kind that are looked at (1 to 8); chosen on the questions that the decision is fitted on."""
DIMENSIONS_KEPT = 128
"""Of a question's 384 (64 to 192): their principal components, a byte each."""
_SHARE_KNOWN = 0.9
_NO_DOCUMENT = -1


@dataclass(frozen=True)
class AskedBefore:
    """Questions, and what answered them.

    Attributes
    ----------
    mean, directions : ndarray of float32, (384,) and (384, dimensions)
        Which part of a question's vector is kept: `(vector - mean) @ directions`, made a unit vector.
    vectors : ndarray of int8, (questions, dimensions)
        Unit vectors times 127 at their greatest.
    documents : tuple of str
        Documents that answered questions.
    answered_by : ndarray of int16, (questions, most)
        Places in `documents`, filled up with -1; only that = nothing answered.
    """

    mean: npt.NDArray[np.float32]
    directions: npt.NDArray[np.float32]
    vectors: npt.NDArray[np.int8]
    documents: tuple[str, ...]
    answered_by: npt.NDArray[np.int16]

    def is_of(self, doc_ids: Collection[str]) -> bool:
        """Tell whether a corpus is the one these questions were put to: it has nine tenths of the answering documents.

        Documents come and go; another bank's are others.
        """
        return sum(name in doc_ids for name in self.documents) >= _SHARE_KNOWN * len(self.documents)

    def leaning(self, question: npt.NDArray[np.float64], in_force: Collection[str]) -> float:
        """Tell to which side the nearest questions lean.

        Parameters
        ----------
        question : ndarray, (384,)
            The reader's vector of the question.
        in_force : collection of str
            Documents that hold for the new question.

        Returns
        -------
        float
            Mean cosine of the `NEAREST` questions that documents in force answered, less that of the others, -1 to 1;
            rounded to 3 decimals. One that is missing or below 0 counts as 0.
        """
        holds = np.array([name in in_force for name in self.documents] + [False])
        answered = holds[self.answered_by].any(axis=1)
        kept = (question - self.mean) @ self.directions
        cosines = self._unit_vectors @ (kept / max(float(np.linalg.norm(kept)), 1e-9))
        return round(_nearest(cosines[answered]) - _nearest(cosines[~answered]), 3)

    def save(self, path: Path = MEMORY_FILE) -> None:
        """Write it."""
        np.savez_compressed(
            path,
            allow_pickle=False,
            mean=self.mean,
            directions=self.directions,
            vectors=self.vectors,
            documents=np.array(self.documents),
            answered_by=self.answered_by,
        )

    @cached_property
    def _unit_vectors(self) -> npt.NDArray[np.float32]:
        lengths = np.linalg.norm(self.vectors.astype(np.float32), axis=1, keepdims=True)
        return self.vectors / np.maximum(lengths, 1e-9)


def _nearest(cosines: npt.NDArray[np.float64]) -> float:
    """Return the mean of the `NEAREST` greatest, those missing or below 0 being 0."""
    return float(np.maximum(np.sort(cosines)[::-1][:NEAREST], 0).sum()) / NEAREST


def remember(
    questions: npt.NDArray[np.float64], answered_by: list[list[str]], dimensions: int = DIMENSIONS_KEPT
) -> AskedBefore:
    """Make a memory.

    Parameters
    ----------
    questions : ndarray, (questions, 384)
        The reader's vectors.
    answered_by : list of list of str
        For each, the documents that answer it; none = unanswerable.
    dimensions : int

    Returns
    -------
    AskedBefore
    """
    mean = questions.mean(axis=0)
    _, _, axes = np.linalg.svd(questions - mean, full_matrices=False)
    kept = (questions - mean) @ axes[:dimensions].T
    kept /= np.linalg.norm(kept, axis=1, keepdims=True)
    documents = tuple(sorted({name for names in answered_by for name in names}))
    places = {name: place for place, name in enumerate(documents)}
    table = np.full((len(answered_by), max(1, *(len(set(names)) for names in answered_by))), _NO_DOCUMENT, np.int16)
    for row, names in zip(table, answered_by, strict=True):
        row[: len(set(names))] = sorted({places[name] for name in names})
    return AskedBefore(
        mean=mean.astype(np.float32),
        directions=axes[:dimensions].T.astype(np.float32),
        vectors=np.round(kept * (127 / np.abs(kept).max())).astype(np.int8),
        documents=documents,
        answered_by=table,
    )


@cache
def load_memory(path: Path = MEMORY_FILE) -> AskedBefore:
    """Read the memory that ships, once."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return AskedBefore(**arrays | {"documents": tuple(str(name) for name in arrays["documents"])})
