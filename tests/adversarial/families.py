"""The families of bad inputs: what must happen in each, its cases, and the verdicts on them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from tests.adversarial.line import Case, Result, run


@dataclass(frozen=True)
class Verdict:
    """One case and what went otherwise than it must; nothing = passed."""

    name: str
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Family:
    """One family of bad inputs.

    Attributes
    ----------
    name : str
        'X01' to 'X27'.
    title, outcome : str
        What comes in, and what must happen.
    verdicts : callable
        Runs all cases.
    """

    name: str
    title: str
    outcome: str
    verdicts: Callable[[], list[Verdict]]


def judged(cases: Callable[[], Sequence[Case]], judge: Callable[[Result], list[str]]) -> Callable[[], list[Verdict]]:
    """Return a function that runs cases down the whole line and judges each."""
    return lambda: [Verdict(result.case.name, tuple(judge(result))) for result in run(cases())]


@cache
def verdicts_of(family: Family) -> tuple[Verdict, ...]:
    """Run a family once a process."""
    return tuple(family.verdicts())
