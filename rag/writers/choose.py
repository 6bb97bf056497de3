"""Choosing the writer of a night, once, at its start.

| mode | server and model there | else |
|---|---|---|
| embedded | embedded | embedded |
| ollama | ollama | the night stops: `WriterUnavailable` |
| auto | ollama; a brief it fails is written by the embedded writer | embedded, and the reason says why |
"""

import time
from collections import Counter
from collections.abc import Callable

from rag.briefs import Brief
from rag.retrieval import Retrieved
from rag.writers.base import Draft, Writer, WriterFault, WriterUnavailable
from rag.writers.embedded import EmbeddedWriter
from rag.writers.ollama import OllamaWriter
from rag.writers.settings import WriterSettings


class WriterWithSubstitute:
    """Asks one writer, and another where the first fails; every draft says who wrote it.

    Attributes
    ----------
    name, model_digest : str
        The first writer's.
    substitutions : Counter
        Briefs written by the substitute, by kind of fault.
    """

    def __init__(self, first: Writer, substitute: Writer) -> None:
        self.name = first.name
        self.model_digest = first.model_digest
        self.substitutions: Counter[str] = Counter()
        self._first = first
        self._substitute = substitute

    @property
    def calls(self) -> int:
        """Calls of both writers."""
        return self._first.calls + self._substitute.calls

    @calls.setter
    def calls(self, _: int) -> None:
        raise AttributeError("calls are counted by the two writers")

    def write(self, brief: Brief, retrieved: list[Retrieved]) -> list[Draft]:
        """Write; see `Writer.write`."""
        try:
            return self._first.write(brief, retrieved)
        except WriterFault as fault:
            drafts = self._substitute.write(brief, retrieved)
            self.substitutions[fault.kind] += 1
            return drafts

    def note(self) -> str:
        """Say what the substitute had to do, for the night's report."""
        if not self.substitutions:
            return ""
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.substitutions.items()))
        return (
            f"{self.substitutions.total()} briefs were written by the {self._substitute.name} writer instead ({kinds})"
        )


def choose_writer(settings: WriterSettings, sleep: Callable[[float], None] = time.sleep) -> tuple[Writer, str]:
    """Choose the writer of a night.

    Parameters
    ----------
    settings : WriterSettings
    sleep : callable
        How to wait between tries of a call.

    Returns
    -------
    writer : Writer
    reason : str
        Why this one, in plain words.

    Raises
    ------
    WriterUnavailable
        If the mode is 'ollama' and no server answers or it lacks the model.
    """
    if settings.mode == "embedded":
        return EmbeddedWriter(), "WORDBOND_WRITER=embedded"
    try:
        writer = OllamaWriter(settings, sleep)
    except WriterUnavailable as error:
        if settings.mode == "ollama":
            raise
        return EmbeddedWriter(), f"WORDBOND_WRITER=auto: {error}"
    if settings.mode == "ollama":
        return writer, f"WORDBOND_WRITER=ollama: {writer.model_digest}"
    reason = f"WORDBOND_WRITER=auto: the server answers and has {writer.model_digest}"
    return WriterWithSubstitute(writer, EmbeddedWriter()), reason
