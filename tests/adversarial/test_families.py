"""Every family of bad inputs: what must happen in each case happens, in at least fifty cases."""

import pytest

from tests.adversarial import cases_claims
from tests.adversarial.families import Family, verdicts_of

FAMILIES = (*cases_claims.FAMILIES,)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_family(family: Family):
    verdicts = verdicts_of(family)
    assert len({verdict.name for verdict in verdicts}) == len(verdicts) >= 50
    assert [(verdict.name, verdict.faults) for verdict in verdicts if verdict.faults] == []
