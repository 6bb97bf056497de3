"""Settings of the writers: what the environment says, with ranges and reasons."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

MODES = ("auto", "ollama", "embedded")


@dataclass(frozen=True)
class WriterSettings:
    """How texts are written.

    Attributes
    ----------
    mode : str
        One of `MODES`, from WORDBOND_WRITER.
    host : str
        Where Ollama answers, from OLLAMA_HOST as Ollama's own tools read it; '' = its default, 127.0.0.1:11434.
    model : str
        From WORDBOND_OLLAMA_MODEL, such as 'llama3.2'; '' = none.
    candidates : int
        Drafts asked for per brief (1 to 8), from WORDBOND_OLLAMA_CANDIDATES: the best by grounding is kept; each
        costs a call.
    temperature : float
        0 to 1. Candidates must differ, so it is not 0: at 0.2 three drafts of a small model chose the same quotes. The
        seeds are fixed, so a rerun gives the same drafts.
    seed : int
        Seed of the first candidate.
    timeout_seconds : float
        Longest time of one call, start to end (1 to 600), from WORDBOND_OLLAMA_TIMEOUT_SECONDS. A small model writes
        a text in 10 to 20 s on two cores; the first call also loads the model. A timed-out call is not repeated.
    budget_seconds : float
        Longest time of a night's calls (60 to 86,400), from WORDBOND_OLLAMA_BUDGET_SECONDS. Briefs left over are
        faults of kind 'timeout', and the next night goes on with them: written templates are kept.
    start_timeout_seconds : float
        Longest time to learn at the start whether the server answers (0.5 to 30).
    retries : int
        Further tries of a failed call (0 to 5).
    backoff_seconds : float
        Wait before the first further try; it doubles each time (0 to 10).
    concurrency : int
        Calls at the same time (1 to 8); Ollama itself queues beyond its OLLAMA_NUM_PARALLEL.
    max_faults_in_a_row : int
        Briefs in a row that fail by refusal, timeout or a dying server before no further call is made (1 to 100):
        so a server that has gone costs bounded time.
    max_answer_characters : int
        Longest answer read (1,000 to 1,000,000); the schema's longest sensible answer has some 6,000.
    """

    mode: str = "auto"
    host: str = ""
    model: str = ""
    candidates: int = 3
    temperature: float = 0.7
    seed: int = 20260101
    timeout_seconds: float = 120.0
    budget_seconds: float = 3_600.0
    start_timeout_seconds: float = 3.0
    retries: int = 2
    backoff_seconds: float = 0.5
    concurrency: int = 2
    max_faults_in_a_row: int = 2
    max_answer_characters: int = 40_000

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"WORDBOND_WRITER is {self.mode!r}; expected one of {', '.join(MODES)}.")
        for name, low, high in (("timeout_seconds", 0.1, 600), ("budget_seconds", 1, 86_400), ("candidates", 1, 8)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"WORDBOND_OLLAMA_{name.upper()} is {value:g}; expected {low:g} to {high:g}.")


def settings_from_environment(environment: Mapping[str, str] | None = None) -> WriterSettings:
    """Read the environment variables that `WriterSettings` names.

    Raises
    ------
    ValueError
        If a value can't be read or is out of its range.
    """
    found = os.environ if environment is None else environment
    standard = WriterSettings()
    return WriterSettings(
        mode=found.get("WORDBOND_WRITER", "").strip() or "auto",
        host=found.get("OLLAMA_HOST", "").strip(),
        model=found.get("WORDBOND_OLLAMA_MODEL", "").strip(),
        candidates=int(_number(found, "WORDBOND_OLLAMA_CANDIDATES", standard.candidates)),
        timeout_seconds=_number(found, "WORDBOND_OLLAMA_TIMEOUT_SECONDS", standard.timeout_seconds),
        budget_seconds=_number(found, "WORDBOND_OLLAMA_BUDGET_SECONDS", standard.budget_seconds),
    )


def _number(found: Mapping[str, str], name: str, standard: float) -> float:
    """Read a number of the environment; not set or empty = the standard."""
    text = found.get(name, "").strip()
    try:
        return float(text) if text else standard
    except ValueError as error:
        raise ValueError(f"{name} is {text!r}; expected a number such as {standard:g}.") from error
