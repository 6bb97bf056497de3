"""Two sheets in force that disagree on a rate or fee are both left out, by name."""

from datetime import date

import pytest

from rag.conflicts import find_conflicts, sheet_values, without_conflicts
from rag.documents import Document, parse_document
from tests.unit.rag_bank import corpus

DAY = date(2026, 2, 1)


def sheet(doc_id: str, body: str, kind: str = "rate_sheet", **fields: str) -> Document:
    front = {"product_ids": "savings", "valid_from": "2026-01-01", "version": "'1'"} | fields
    head = "".join(
        f"{name}: {value}\n" for name, value in ({"doc_id": doc_id, "title": doc_id, "kind": kind} | front).items()
    )
    return parse_document(f"---\n{head}---\n{body}\n".encode(), f"{doc_id}.md")


RATES = sheet("rates", "- Annual percentage yield: 3.10% annual percentage yield (APY)\n- Late payment fee: up to $25")


@pytest.mark.parametrize(
    ("other", "key", "values"),
    [
        (sheet("web", "- Annual percentage yield: 3.40%"), "annual percentage yield", ("3.1", "3.4")),
        (sheet("web", "Savings earns 3.01% APY."), "annual percentage yield", ("3.1", "3.01")),
        (sheet("fees", "Late payment fee: $20", "fee_schedule"), "late payment fee", ("25", "20")),
        (sheet("fees", "- Late payment fee: none", "fee_schedule"), "late payment fee", ("25", "0")),
        (sheet("rates", "- Late payment fee: $26", version="'2'"), "late payment fee", ("25", "26")),
        (sheet("all", "- Late payment fee: $26", product_ids="[savings, checking]"), "late payment fee", ("25", "26")),
        (sheet("ny", "- Late payment fee: $26", jurisdictions="US-NY"), "late payment fee", ("25", "26")),
    ],
)
def test_two_sheets_in_force_that_disagree_are_both_left_out(other, key, values):
    voice = sheet("voice", "Hello.", "brand_voice")
    usable, conflicts = without_conflicts([other, voice, RATES], DAY)
    assert usable == [voice]
    (found,) = conflicts
    said = {
        found.left.doc_id + found.left.doc_version: found.left_value,
        found.right.doc_id + found.right.doc_version: found.right_value,
    }
    assert found.key == key and said == {"rates1": values[0], other.doc_id + other.doc_version: values[1]}
    assert f"disagree on '{key}' of savings" in str(found) and "both are left out" in str(found)


@pytest.mark.parametrize(
    "other",
    [
        sheet("web", "- Annual percentage yield: 3.1% APY\n- Late payment fee: $25.00"),
        sheet("tiers", "Up to $9,999 it earns 2.00% APY, above 3.10% APY."),
        sheet("old", "- Late payment fee: $30", valid_to="2026-01-31"),
        sheet("next", "- Late payment fee: $30", valid_from="2026-02-02"),
        sheet("card", "- Late payment fee: $30", product_ids="card"),
        sheet("bonus", "- Late payment fee: $30", "promotion"),
        sheet("faq", "- Late payment fee: $30", "faq"),
        sheet("words", "- Late payment fee: see the rate sheet"),
    ],
)
def test_sheets_that_agree_or_never_meet_stay(other):
    assert without_conflicts([RATES, other], DAY) == ([RATES, other], ())


def test_sheets_for_different_states_never_meet():
    ny, nj = (
        sheet(s, f"- Late payment fee: ${n}", jurisdictions=f"US-{s.upper()}") for s, n in (("ny", 20), ("nj", 30))
    )
    assert find_conflicts([ny, nj], DAY) == ()


def test_the_day_decides_and_order_does_not_count():
    other = sheet("web", "- Late payment fee: $30", valid_to="2026-02-10")
    assert find_conflicts([RATES, other], DAY) == find_conflicts([other, RATES], DAY) != ()
    assert find_conflicts([RATES, other], date(2026, 2, 11)) == ()


def test_the_banks_own_sheets_agree_on_every_day_a_sheet_changes():
    days = {d.valid_from for d in corpus()} | {d.valid_to for d in corpus() if d.valid_to}
    assert len(days) >= 6
    for day in days:
        assert find_conflicts(corpus(), day) == ()


def test_values_are_compared_as_numbers():
    values = sheet_values("- Term: 12 months\n- Fee: $1,000.50\nPlain: words only\n- Fee: none")
    assert values == {"term": {"12"}, "fee": {"1000.5", "0"}}
