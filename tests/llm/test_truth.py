"""The sheets' own verdict on a sentence: numbers with their units, and rates under their own name."""

from decimal import Decimal

import pytest

from tests.llm.configurations import sentences_of
from tests.llm.evaluate import facts
from tests.llm.truth import refutes, values_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Earn 3.85% APY.", [("percent", "3.85")]),
        ("It costs $1,250.50 for 12 months.", [("usd", "1250.50"), ("months", "12")]),
        ("A 60-month loan, paid in 30 days.", [("months", "60"), ("days", "30")]),
        ("Up to 4 percent in 2 years.", [("percent", "4"), ("years", "2")]),
        ("Harbor 12-Month CD, open 24/7.", []),
        ("Three cards and 5 points.", [("number", "5")]),
    ],
)
def test_numbers_are_read_with_their_units(text, expected):
    assert values_of(text) == [(unit, Decimal(value)) for unit, value in expected]


@pytest.mark.parametrize(
    ("product_id", "sentence", "refuted"),
    [
        ("high_yield_savings", "It earns 3.85% annual percentage yield (APY).", False),
        ("high_yield_savings", "It earns 3.58% annual percentage yield (APY).", True),
        ("high_yield_savings", "It has a 3.85% APR.", True),
        ("high_yield_savings", "Open it with $100.", False),
        ("high_yield_savings", "Open it with $1,000.", True),
        ("high_yield_savings", "A good home for your money.", None),
        ("auto_loan", "Rates run from 6.49% to 12.99% APR.", False),
        ("auto_loan", "Rates run from 6.49% to 12.99% APY.", True),
        ("auto_loan", "Borrow for 36 to 84 months.", True),
    ],
)
def test_sheets_refute_numbers_they_do_not_hold_and_rates_under_another_name(product_id, sentence, refuted):
    assert refutes(facts(product_id), sentence) is refuted


def test_prose_is_cut_into_whole_sentences():
    assert sentences_of('Save more. It is simple!\n"Open one today." And then') == [
        "Save more.",
        "It is simple!",
        '"Open one today."',
    ]
