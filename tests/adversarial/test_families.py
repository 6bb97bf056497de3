"""Every family of bad inputs: what must happen in each case happens, in at least fifty cases a family."""

from pathlib import Path

import pytest

import rag
from tests.adversarial.cases_runs import CLEAN
from tests.adversarial.catalogue import FAMILIES, table
from tests.adversarial.families import Family, verdicts_of

HOSTILE = [family for family in FAMILIES if family is not CLEAN]


def test_no_family_is_missing():
    assert [family.name for family in FAMILIES] == [f"X{number:02d}" for number in range(1, 28)]


@pytest.mark.parametrize("family", HOSTILE, ids=lambda family: family.name)
def test_family(family: Family):
    verdicts = verdicts_of(family)
    assert len({verdict.name for verdict in verdicts}) == len(verdicts) >= 50
    assert [(verdict.name, verdict.faults) for verdict in verdicts if verdict.faults] == []


def test_clean_messages_are_not_blocked():
    verdicts = verdicts_of(CLEAN)
    assert len({verdict.name for verdict in verdicts}) == len(verdicts) >= 500
    assert len([verdict for verdict in verdicts if verdict.faults]) <= 5


def test_the_readme_shows_the_table_as_it_is():
    readme = (Path(rag.__file__).parent / "README.md").read_text(encoding="utf-8")
    assert table() in readme, "run `python -m tests.adversarial.catalogue` and put its table into rag/README.md"
