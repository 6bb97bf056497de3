"""The parser of typed claims: exact values, both ways, and every small change seen."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.claims import normalise_claim_text, parse_claims

PERCENT = 100_000


def claims(text, names=()):
    return [(claim.claim_type, claim.canonical) for claim in parse_claims(text, names)]


def only(text, claim_type):
    found = [claim for claim in parse_claims(text) if claim.claim_type == claim_type]
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Earn 3.85% annual percentage yield (APY).", [("apy", "3.85 %")]),
        ("The APY is 3.85%.", [("apy", "3.85 %")]),
        ("A 3.10% interest rate, 3.15% annual percentage yield.", [("rate", "3.1 % [interest]"), ("apy", "3.15 %")]),
        ("Loans from 6.10% to 9.90% APR.", [("apr", "6.1 to 9.9 % [loan]")]),
        (
            "17.99% to 25.99% variable APR, depending on your credit score.",
            [("apr", "17.99 to 25.99 % [score variable] (if:credit|scor)")],
        ),
        (
            "0% intro APR for 9 months, then 18.99% variable APR.",
            [("apr", "0 % [intro] (for:9 month)"), ("term", "9 month"), ("apr", "18.99 % [variable]")],
        ),
        ("A rate 25 bps above our standard.", [("bps", "0.25 %"), ("comparison", "better_than")]),
        ("0.40 percentage points more.", [("rate", "0.4 percentage points")]),
        ("The late payment fee is $29.", [("fee", "29 usd [late payment]")]),
        ("No foreign transaction fee.", [("fee", "not 0 usd [foreign transaction]")]),
        ("The annual fee is $0.", [("fee", "not 0 usd [annual]")]),
        (
            "A $7 monthly fee unless you keep a $900 daily balance.",
            [
                ("fee", "7 usd [maintenance monthly] (unless:900 usd|balanc|daily|keep)"),
                ("amount", "900 usd [balance daily]"),
            ],
        ),
        ("Free bill pay.", [("fee", "not free")]),
        ("Get a $175 bonus.", [("bonus", "175 usd")]),
        ("36 monthly payments of $121.40.", [("amount", "36 payment [monthly payment]"), ("payment", "121.4 usd")]),
        ("Borrow $3,000 to $20,000.", [("amount", "3000 to 20000 usd [loan]")]),
        ("Deposits of $10,000 or more.", [("amount", "at_least 10000 usd [deposit]")]),
        ("Up to $4,500 in coverage.", [("coverage", "up_to 4500 usd")]),
        ("Member FDIC.", [("coverage", "member_fdic")]),
        ("Not FDIC insured.", [("coverage", "not fdic_insured")]),
        ("You are pre-approved.", [("approval", "preapproved")]),
        ("Subject to credit approval.", [("approval", "subject_to_approval")]),
        ("The best card in town.", [("comparison", "best")]),
        ("Only 5 left, act now!", [("amount", "5 left"), ("urgency", "act_now"), ("urgency", "scarcity")]),
        ("Your money will grow.", [("performance", "will_grow")]),
        ("Offer valid through March 4, 2026.", [("date", "2026-03-04 [end]")]),
        ("Rates as of 2026-03-04.", [("date", "2026-03-04 [as_of]")]),
        ("Hello {first_name}, welcome.", []),
        ("See the details: {link}", []),
        ("You choose what fits.", []),
    ],
)
def test_claims_of_a_sentence(text, expected):
    found = claims(text)
    for claim in expected:
        assert claim in found, found
    if not expected:
        assert found == []


def test_a_number_inside_a_product_name_is_no_claim():
    assert claims("Open a Quayside 18-Month CD.", ["Quayside 18-Month CD"]) == []
    assert claims("Open a Quayside 18-Month CD.") == [("term", "18 month [opening]")]


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("four percent APY", "4% APY"),
        ("four and a half percent APY", "4.5% APY"),
        ("four point one two percent APY", "4.12% APY"),
        ("4½% APY", "4.5% APY"),
        ("４.１０％ APY", "4.1% APY"),
        ("4.1\u200b0% APY", "4.10% APY"),
        ("4.1O% APY", "4.10% APY"),
        ("4.10% АPY", "4.10% APY"),
        ("twenty-five dollars", "$25"),
        ("two hundred fifty dollars", "$250"),
        ("$2.5k", "$2,500"),
        ("one year", "12 months"),
        ("two weeks", "14 days"),
    ],
)
def test_other_writings_of_the_same_value(written, same):
    assert [claim.core for claim in parse_claims(written)] == [claim.core for claim in parse_claims(same)]


@pytest.mark.parametrize(
    "text", ["4,10% APY", "04.1% APY", "1,50 dollars", "4.1.0% APY", "4²% APY", "02/03 is the day"]
)
def test_what_can_be_read_in_two_ways_is_malformed(text):
    assert "malformed" in [claim.unit for claim in parse_claims(text)]


def test_a_list_of_rates_shares_its_label_and_not_its_subjects():
    found = parse_claims("4% cash back on dining, 2% cash back on fuel, and 1% on the rest.")
    assert [(Decimal(claim.value[0]) / PERCENT, sorted(claim.conditions)) for claim in found] == [
        (4, ["on:dining"]),
        (2, ["on:fuel"]),
        (1, ["on:rest"]),
    ]


def test_the_span_points_at_the_words_as_written():
    text = "Earn about four percent APY, {first_name}."
    (claim,) = parse_claims(text)
    assert text[claim.start : claim.end] == "four percent"
    assert claim.qualifiers == {"about"}


amounts = st.integers(min_value=1, max_value=9_999_999)
rates = st.integers(min_value=0, max_value=3_999)


@given(cents=amounts, form=st.sampled_from(["${:,.2f}", "${:.2f}", "{:,.2f} dollars", "USD ${:,.2f}"]))
def test_money_round_trip(cents, form):
    value = Decimal(cents) / 100
    found = parse_claims("It takes " + form.format(value) + " to start.")
    assert [(claim.unit, claim.value) for claim in found] == [("usd", (value,))]


@given(
    hundredths=rates,
    form=st.sampled_from(["{}% APY", "{} percent APY", "an APY of {}%", "{}% annual percentage yield"]),
)
def test_rate_round_trip(hundredths, form):
    shown = f"{Decimal(hundredths) / 100:.2f}"
    (claim,) = parse_claims("Earn " + form.format(shown) + " with us.")
    assert (claim.claim_type, claim.unit, claim.value) == ("apy", "mbp", (Decimal(hundredths) * 1000,))


@given(
    low=rates,
    width=st.integers(min_value=1, max_value=2_000),
    glue=st.sampled_from([" to ", "-", "\u2013", " \u2013 "]),
)
def test_range_round_trip(low, width, glue):
    text = f"{Decimal(low) / 100:.2f}%{glue}{Decimal(low + width) / 100:.2f}% APR"
    (claim,) = parse_claims(text)
    assert claim.value == (Decimal(low) * 1000, Decimal(low + width) * 1000)


@given(
    number=st.integers(min_value=1, max_value=99),
    unit=st.sampled_from([("day", 1, "day"), ("week", 7, "day"), ("month", 1, "month"), ("year", 12, "month")]),
    hyphen=st.booleans(),
)
def test_term_round_trip(number, unit, hyphen):
    word, factor, canonical = unit
    text = f"a {number}-{word} term" if hyphen else f"for {number} {word}s"
    claim = next(claim for claim in parse_claims(text) if claim.claim_type == "term")
    assert (claim.value, claim.unit) == ((Decimal(number * factor),), canonical)


@given(
    day=st.dates(min_value=date(1990, 1, 1), max_value=date(2099, 12, 31)),
    form=st.sampled_from(["{:%B} {d}, {:%Y}", "{:%b} {d}, {:%Y}", "{d} {:%B} {:%Y}", "{:%Y-%m-%d}"]),
)
def test_date_round_trip(day, form):
    text = (
        form.replace("{d}", str(day.day))
        .replace("{:%B}", f"{day:%B}")
        .replace("{:%b}", f"{day:%b}")
        .replace("{:%Y}", f"{day:%Y}")
        .replace("{:%Y-%m-%d}", day.isoformat())
    )
    claim = next(claim for claim in parse_claims(f"Accurate as of {text}.") if claim.claim_type == "date")
    assert (claim.value, claim.unit, claim.subject) == (day.isoformat(), "date", frozenset({"as_of"}))


WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def in_words(number):
    if number < 20:
        return WORDS[number]
    if number < 100:
        return TENS[number // 10] + ("-" + WORDS[number % 10] if number % 10 else "")
    if number < 1000:
        rest = f" and {in_words(number % 100)}" if number % 100 else ""
        return f"{WORDS[number // 100]} hundred{rest}"
    rest = f" {in_words(number % 1000)}" if number % 1000 else ""
    return f"{in_words(number // 1000)} thousand{rest}"


@given(number=st.integers(min_value=0, max_value=999_999))
def test_number_words_round_trip(number):
    (claim,) = parse_claims(f"It takes {in_words(number)} dollars.")
    assert (claim.unit, claim.value) == ("usd", (Decimal(number),))


SENTENCES = [
    "Earn 4.35% annual percentage yield (APY) as of March 1, 2026.",
    "A $15 monthly fee applies unless you keep a $1,250 daily balance.",
    "16.74% to 24.74% variable APR, based on creditworthiness.",
    "0% intro APR for 15 months, then 19.24% APR.",
    "48 monthly payments of $241.74 at 7.49% APR.",
    "Coverage of up to $30,000 with a $250 deductible.",
]


@given(sentence=st.sampled_from(SENTENCES), data=st.data())
def test_every_changed_digit_changes_a_claim(sentence, data):
    places = [place for place, character in enumerate(sentence) if character.isdigit()]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != sentence[place]]))
    changed = sentence[:place] + digit + sentence[place + 1 :]
    before = [claim.core for claim in parse_claims(sentence)]
    assert [claim.core for claim in parse_claims(changed)] != before


@pytest.mark.parametrize(
    ("sentence", "changed"),
    [
        ("Earn 4.35% APY.", "Earn 4.35% APR."),
        ("Earn 4.35% APY.", "Earn 4.35 bps APY."),
        ("0.25% more", "0.25 percentage points more"),
        ("A $15 monthly fee.", "A $15 annual fee."),
        ("A 12-month term.", "A 12-day term."),
        ("Insured by the FDIC.", "Not insured by the FDIC."),
        ("There is a wire fee.", "There is no wire fee."),
        ("Up to $500.", "From $500."),
        ("$500 or more.", "$500 or less."),
        ("$10 fee unless you use autopay.", "$10 fee if you use autopay."),
        ("The fee is waived with direct deposit.", "The fee is waived."),
        ("5% cash back on fuel.", "5% cash back on travel."),
        ("About 4% APY.", "4% APY."),
        ("18% variable APR.", "18% APR."),
        ("$5 minimum payment", "$5 maximum payment"),
        ("The APY is 4%.", "The APY is not 4%."),
    ],
)
def test_a_changed_unit_sign_qualifier_or_condition_changes_the_claims(sentence, changed):
    def parsed(text):
        return [(claim.core, claim.conditions) for claim in parse_claims(text)]

    assert parsed(sentence) != parsed(changed)


@settings(max_examples=200)
@given(text=st.text(max_size=120))
def test_any_text_parses_and_no_digit_is_left_out(text):
    found = parse_claims(text)
    normalised = normalise_claim_text(text)
    for start, character in enumerate(normalised.text):
        if character.isdigit():
            place = normalised.starts[start]
            assert any(claim.start <= place < claim.end for claim in found), (text, character)
    assert list(found) == list(parse_claims(text))


def test_a_number_too_long_to_be_exact_is_malformed():
    assert [claim.unit for claim in parse_claims("Earn $999999999999 now")] == ["usd"]
    long_number = parse_claims("Earn 10000000000000000000000000000 percent now")
    assert [claim.unit for claim in long_number] == ["malformed"]
