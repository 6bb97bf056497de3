"""Any typed claim, written in many forms, is read back equal; and no slip of digit, unit or sign is read as equal."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.claims import parse_claims

# (claim type, unit, thousandths of a basis point or units a number stands for, forms)
KINDS = (
    ("apy", "mbp", 100_000, ("{n}% APY", "{n} percent APY", "an APY of {n}%", "{n}% annual percentage yield (APY)")),
    ("apr", "mbp", 100_000, ("{n}% APR", "{n} per cent APR", "an APR of {n}%", "{n}% annual percentage rate (APR)")),
    ("bps", "mbp", 1_000, ("{n} basis points", "{n} bps", "{n}-basis-point change")),
    ("fee", "usd", 1, ("a ${n} wire fee", "a wire fee of ${n}", "wire fee: ${n}", "a {n} dollar wire fee")),
    ("bonus", "usd", 1, ("a ${n} bonus", "a bonus of ${n}", "a {n} dollar bonus")),
    ("payment", "usd", 1, ("a monthly payment of ${n}", "monthly payments of ${n}")),
    ("amount", "usd", 1, ("${n} to open", "{n} dollars to open", "{n} US dollars to open")),
    ("term", "month", 1, ("a {n}-month term", "a term of {n} months", "{n} months")),
    ("coverage", "usd", 1, ("coverage of ${n}", "${n} of coverage")),
)
QUALIFIERS = {"up_to": "up to ", "at_least": "at least ", "about": "about ", "more_than": "more than ", "": ""}
CONDITIONS = ("", " with direct deposit", " if you enroll online", " unless the account is closed", " after 3 months")
WORD_CLAIMS = (
    ("approval", "guaranteed", ("Approval is guaranteed.", "A guarantee of approval.", "We guarantee it.")),
    ("approval", "preapproved", ("You are pre-approved.", "A preapproved offer.", "You prequalify now: prequalified.")),
    ("comparison", "highest", ("The highest rate.", "Our highest rate yet.")),
    ("comparison", "best", ("The best card.", "An unbeatable card.")),
    ("urgency", "act_now", ("Act now.", "Hurry.", "Act today.")),
    ("urgency", "last_chance", ("Your last chance.", "Final hours.")),
    ("coverage", "member_fdic", ("Member FDIC.", "We are a member FDIC bank.")),
)

kinds = st.sampled_from(KINDS)
numbers = st.integers(min_value=2, max_value=9_999)


def found(text, claim_type):
    """Return the claims of a type as what must be equal."""
    return [(claim.core, claim.conditions) for claim in parse_claims(text) if claim.claim_type == claim_type]


def written(number, claim_type):
    """Write a number as its kind is written: rates with two decimals below 100, amounts with separators."""
    return f"{Decimal(number) / 100:.2f}" if claim_type in ("apy", "apr") else f"{number:,}"


@settings(max_examples=150)
@given(kind=kinds, number=numbers, form=st.integers(0, 3), qualifier=st.sampled_from(sorted(QUALIFIERS)))
def test_a_claim_in_any_form_is_read_back(kind, number, form, qualifier):
    claim_type, unit, factor, forms = kind
    shown = written(number, claim_type)
    text = forms[form % len(forms)].replace("${n}", f"{QUALIFIERS[qualifier]}${{n}}").format(n=shown)
    has_qualifier = QUALIFIERS[qualifier] and QUALIFIERS[qualifier] in text
    claim = next(item for item in parse_claims(f"It has {text}.") if item.unit == unit)
    exact = Decimal(shown.replace(",", "")) * factor
    assert (claim.claim_type, claim.value, claim.is_negative) == (claim_type, (exact,), False)
    assert claim.qualifiers == ({qualifier} if has_qualifier else set())


@settings(max_examples=100)
@given(kind=kinds, number=numbers, condition=st.sampled_from(CONDITIONS), data=st.data())
def test_a_changed_digit_is_another_claim(kind, number, condition, data):
    claim_type, _, _, forms = kind
    other = data.draw(numbers.filter(lambda drawn: drawn != number))
    for form in forms:
        left = f"It has {form.format(n=written(number, claim_type))}{condition}."
        right = f"It has {form.format(n=written(other, claim_type))}{condition}."
        assert found(left, claim_type) != found(right, claim_type)


@settings(max_examples=60)
@given(left=kinds, right=kinds, number=numbers)
def test_another_kind_or_unit_is_another_claim(left, right, number):
    if left[0] == right[0]:
        return
    one = [item.core for item in parse_claims(f"It has {left[3][0].format(n=written(number, 'fee'))}.")]
    two = [item.core for item in parse_claims(f"It has {right[3][0].format(n=written(number, 'fee'))}.")]
    assert one != two


@settings(max_examples=60)
@given(kind=kinds, number=numbers, left=st.sampled_from(CONDITIONS), right=st.sampled_from(CONDITIONS))
def test_another_condition_or_sign_is_another_claim(kind, number, left, right):
    claim_type, _, _, forms = kind
    shown = forms[0].format(n=written(number, claim_type))
    plain = f"It has {shown}{left}."
    assert (found(plain, claim_type) == found(f"It has {shown}{right}.", claim_type)) == (left == right)
    assert found(plain, claim_type) != found(f"It does not have {shown}{left}.", claim_type)


@pytest.mark.parametrize(("claim_type", "word", "forms"), WORD_CLAIMS, ids=[row[1] for row in WORD_CLAIMS])
def test_a_claim_without_a_number_is_read_in_any_form_and_its_denial_differs(claim_type, word, forms):
    for form in forms:
        claims = [claim for claim in parse_claims(form) if claim.claim_type == claim_type]
        assert any(claim.value == word and not claim.is_negative for claim in claims), form
        denied = [claim for claim in parse_claims(f"It is not so that {form}") if claim.value == word]
        assert denied and all(claim.is_negative for claim in denied), form
