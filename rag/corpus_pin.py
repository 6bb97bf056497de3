"""The pin: the corpus a run has agreed to, checked before anything is written from it.

Belongs here: comparing the documents a night proves against with the index it retrieves from, and the age of both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from rag.documents import Document, manifest_hash

MAX_AGE_DAYS = 400
"""Days since documents were loaded last, at most (30 to 1,000): rate sheets are issued anew at least once a year."""


class StaleCorpus(RuntimeError):
    """Nothing may be written: the corpus is not the one the run was pinned to, or too old."""


@dataclass(frozen=True)
class CorpusPin:
    """What a run is pinned to.

    Attributes
    ----------
    corpus_version : str
        Manifest hash of the documents in the index (64 hex digits).
    loaded_on : date
        Night on which documents were loaded last.
    """

    corpus_version: str
    loaded_on: date


def check_corpus(pin: CorpusPin, documents: Iterable[Document], as_of_date: date) -> None:
    """Refuse a corpus that is not the pinned one, or too old, or from after the night.

    Raises
    ------
    StaleCorpus
        Saying what was found, what was expected and what to do next.
    """
    found = manifest_hash(list(documents))
    if found != pin.corpus_version:
        raise StaleCorpus(
            f"The documents known on {as_of_date} have manifest {found[:12]}, the index was built from "
            f"{pin.corpus_version[:12]}. Nothing was written; build the index again (make night DATE={as_of_date})."
        )
    age = (as_of_date - pin.loaded_on).days
    if not 0 <= age <= MAX_AGE_DAYS:
        raise StaleCorpus(
            f"Documents were loaded last on {pin.loaded_on}, {age} days before {as_of_date}; "
            f"expected 0 to {MAX_AGE_DAYS}. Nothing was written; "
            "load the documents that are in force now and run the night again."
        )
