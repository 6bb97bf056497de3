"""Harbor Bank's documents agree with each other, with the catalogue and with arithmetic."""

import re
from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

import pytest

from rag.chunking import chunk_document
from rag.claims import parse_claims
from rag.documents import KINDS, Document, manifest_hash
from tests.unit.rag_bank import catalogue, corpus

APY = re.compile(r"(\d+\.\d\d)% annual percentage yield")
APR_RANGE = re.compile(r"(\d+\.\d\d)% to (\d+\.\d\d)%(?: variable)? APR")
EXAMPLE = re.compile(
    r"\$([\d,]+)(?: loan)? for (\d+) months at (\d+\.\d\d)% APR (?:has|means|is) "
    r"(\d+) monthly payments of \$([\d,]+\.\d\d)"
)
DATE = re.compile(
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{1,2}, \d{4}"
)
SLOT = re.compile(r"\{[a-z_]+\}")
FIRST, LAST = date(2025, 1, 1), date(2026, 12, 31)
CHANGES = ((date(2025, 6, 30), date(2025, 7, 1)), (date(2025, 12, 31), date(2026, 1, 1)))
PRODUCTS = sorted(set(catalogue()["product_id"]))
APPROVED = [
    (document, chunk) for document in corpus() if document.kind == "brand_voice" for chunk in chunk_document(document)
]


def about(product_id: str, day: date, *kinds: str) -> list[Document]:
    return [
        d for d in corpus() if product_id in d.product_ids and d.is_valid_on(day) and (not kinds or d.kind in kinds)
    ]


def spelled(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def rows_of(document: Document) -> dict[str, str]:
    return dict(re.findall(r"^- ([^:\n]+): (.+)$", document.text, re.MULTILINE))


def test_there_are_enough_documents_of_every_kind():
    assert len(corpus()) >= 100
    assert {document.kind for document in corpus()} == set(KINDS)
    assert sum(len(chunk_document(document)) for document in corpus()) >= 600


def test_no_passage_of_the_corpus_is_quarantined():
    assert [chunk.finding for document in corpus() for chunk in chunk_document(document) if chunk.finding] == []


def test_products_named_in_front_matter_are_in_the_catalogue():
    assert {product for document in corpus() for product in document.product_ids} == set(PRODUCTS)


@pytest.mark.parametrize("product_id", PRODUCTS)
def test_a_product_has_exactly_one_sheet_of_each_needed_kind_on_every_day(product_id):
    boundaries = {FIRST, LAST}
    for document in corpus():
        boundaries |= {document.valid_from, *([document.valid_to + timedelta(days=1)] if document.valid_to else [])}
    for day in sorted(day for day in boundaries if FIRST <= day <= LAST):
        assert len(about(product_id, day, "rate_sheet")) == (product_id != "everyday_checking"), day
        assert len(about(product_id, day, "fee_schedule")) == (product_id != "renters_insurance"), day
        sheets = [document for document in about(product_id, day) if document.doc_id == f"product_{product_id}"]
        assert len(sheets) == 1, day


@pytest.mark.parametrize("product_id", ["high_yield_savings", "money_market", "cd_12_month"])
def test_a_yield_is_the_same_in_every_document_in_force_and_changes_with_each_sheet(product_id):
    for days in CHANGES:
        seen = []
        for day in days:
            found = {value for document in about(product_id, day) for value in APY.findall(document.text)}
            assert len(found) == 1
            seen.append(found.pop())
        assert seen[0] != seen[1]


def test_a_yield_follows_from_interest_rate_and_compounding():
    checked = 0
    for document in corpus():
        rows = rows_of(document)
        if "Interest rate" not in rows:
            continue
        periods = {"monthly": 12, "daily": 365}[re.split(r"[;,]", rows["Compounding"])[0]]
        rate = Decimal(rows["Interest rate"].rstrip("%")) / 100
        earned = ((1 + rate / periods) ** periods - 1) * 100
        assert APY.findall(rows["Annual percentage yield"]) == [str(earned.quantize(Decimal("0.01"), ROUND_HALF_UP))]
        checked += 1
    assert checked == 9


@pytest.mark.parametrize("product_id", [p for p in PRODUCTS if p.endswith(("card", "loan"))])
def test_rates_of_credit_are_the_same_in_every_document_in_force(product_id):
    for day in (day for days in CHANGES for day in days):
        found = {pair for document in about(product_id, day) for pair in APR_RANGE.findall(document.text)}
        assert len(found) == 1
        low, high = found.pop()
        assert Decimal(low) < Decimal(high)


def test_every_payment_example_is_amortised_to_the_cent_within_its_range():
    examples = 0
    for document in corpus():
        for amount, term, apr, payments, payment in EXAMPLE.findall(document.text):
            rate = Decimal(apr) / 1200
            growth = (1 + rate) ** int(term)
            due = Decimal(amount.replace(",", "")) * rate * growth / (growth - 1)
            assert Decimal(payment.replace(",", "")) == due.quantize(Decimal("0.01"), ROUND_HALF_UP)
            assert payments == term
            low, high = (Decimal(value) for value in APR_RANGE.findall(document.text)[0])
            assert low <= Decimal(apr) <= high
            examples += 1
    assert examples == 30


def test_every_date_written_is_a_day_of_the_documents_validity():
    dates = 0
    for document in corpus():
        for found in DATE.findall(document.text):
            assert found in {spelled(document.valid_from), spelled(document.valid_to or document.valid_from)}, (
                document.file_name
            )
            dates += 1
    assert dates > 30


def test_versions_of_a_document_never_overlap():
    versions = defaultdict(list)
    for document in corpus():
        versions[document.doc_id].append(document)
    for found in versions.values():
        found.sort(key=lambda document: document.valid_from)
        for before, after in pairwise(found):
            assert before.valid_to is not None and before.valid_to < after.valid_from
    assert sum(len(found) > 1 for found in versions.values()) >= 10


@pytest.mark.parametrize("product_id", PRODUCTS)
def test_fees_and_minimums_in_wording_are_those_of_the_sheets(product_id):
    day = date(2026, 1, 1)
    rows = {
        name: value
        for document in about(product_id, day, "fee_schedule", "rate_sheet")
        for name, value in rows_of(document).items()
    }
    said = [
        chunk.text for document in about(product_id, day) for chunk in chunk_document(document) if chunk.tag("role")
    ]
    for pattern, row in (
        (r"\$(\d+) annual fee|annual fee (?:is|of) \$(\d+)", "Annual fee"),
        (r"\$(\d+) minimum interest charge|minimum interest charge (?:is|of) \$(\d+)", "Minimum interest charge"),
        (r"\$(\d+) monthly (?:maintenance )?fee|monthly maintenance fee is \$(\d+)", "Monthly maintenance fee"),
        (r"minimum deposit to open the account is \$([\d,]*\d)|\$([\d,]*\d) opens", "Minimum opening deposit"),
        (r"minimum balance of \$([\d,]*\d)", "Minimum balance to earn the annual percentage yield"),
    ):
        for groups in (match.groups() for text in said for match in re.finditer(pattern, text)):
            amount = next(value for value in groups if value)
            assert re.match(rf"\${amount}(?![\d,.])", rows[row]), (row, amount)


FEE = re.compile(
    r"\$(\d+) (monthly maintenance) fee|(annual|late payment|returned payment|foreign transaction|excess withdrawal"
    r"|overdraft|transfer|cash advance) fee (?:is|of) (?:up to )?(\$\d+|\d+%)",
    re.IGNORECASE,
)
SERVICE_FACTS = {"$35", "1% of the balance", "$225", "$10,000 in a day", "$10 or more", "6%"}
"""What only the answers to questions say: no sheet repeats it."""


def in_force(product_ids: tuple[str, ...]) -> str:
    kinds = ("rate_sheet", "fee_schedule", "promotion", "product_sheet")
    return "\n".join(document.text for name in product_ids for document in about(name, LAST, *kinds))


def test_amounts_in_answers_to_questions_are_those_of_the_sheets_in_force():
    checked = 0
    for document in (document for document in corpus() if document.kind == "faq"):
        sheets = in_force(document.product_ids or tuple(PRODUCTS))
        text = document.text
        for fact in SERVICE_FACTS:
            text = text.replace(fact, "")
        for amount in re.findall(r"\$[\d,]*\d|\d+(?:\.\d+)?%", text.replace("$250,000 per depositor", "")):
            assert re.search(rf"(?<![\d,.]){re.escape(amount)}(?![\d,])", sheets), (document.file_name, amount)
            checked += 1
    assert checked >= 35


def test_fees_named_in_answers_to_questions_are_those_of_the_fee_schedules():
    checked = 0
    for document in (document for document in corpus() if document.kind == "faq" and document.product_ids):
        rows = [rows_of(d) for name in document.product_ids for d in about(name, LAST, "fee_schedule")]
        for dollars, monthly, name, amount in FEE.findall(document.text):
            wanted, said = ("monthly maintenance", f"${dollars}") if monthly else (name.lower(), amount)
            named = [value for fees in rows for row, value in fees.items() if wanted in row.lower()]
            assert any(re.match(rf"(?:up to )?{re.escape(said)}(?!\d)", value) for value in named), (
                document.file_name,
                wanted,
            )
            checked += 1
    assert checked >= 13


def test_terms_are_those_of_the_catalogue():
    fees = {p: rows_of(about(p, LAST, "fee_schedule")[0]) for p in PRODUCTS if p != "renters_insurance"}
    for row in catalogue()[catalogue()["is_live"]].to_dict("records"):
        charged = fees.get(row["product_id"], {}).get("Monthly maintenance fee", "$0")
        assert charged.startswith("$0") == (row["maintenance_fee"] == "false"), row["product_id"]
        for amount in re.findall(r"\$(\d+)", row["fee_conditions"]):
            assert f"${int(amount):,}" in charged
        eligibility = next(d for d in about(row["product_id"], LAST) if d.doc_id.startswith("eligibility"))
        assert f"at least {row['min_age']} years old" in eligibility.text
        states = row["states"] or [
            "US-NY",
            "US-NJ",
            "US-PA",
            "US-MA",
            "US-CT",
            "US-FL",
            "US-TN",
            "US-TX",
            "US-AZ",
            "US-CA",
        ]
        listed = re.findall(r"\b[A-Z]{2}\b", eligibility.text.split("residents of ")[1].split(".")[0])
        assert {f"US-{state}" for state in listed} == set(states), row["product_id"]
        for document in about(row["product_id"], LAST):
            assert not document.jurisdictions or set(document.jurisdictions) == set(states), document.file_name


def test_approved_brand_voice_makes_no_claim_and_no_pressure():
    words = (
        r"\b(?:free|guarantee\w*|approved|best|lowest|highest|today|last chance|hurry|act now|profit|risk|double"
        r"|expires?)\b"
    )
    assert len(APPROVED) > 400
    for document, chunk in APPROVED:
        if not chunk.tags:
            continue
        plain = SLOT.sub("", chunk.text)
        name = document.title.removeprefix("Brand voice: ")
        assert not re.search(r"\d|%|\$", plain.replace(name, "").replace("12-Month", "")), chunk.text
        found = re.search(words, plain, re.IGNORECASE)
        assert not found, chunk.text
        assert not parse_claims(chunk.text, [name]), chunk.text


def test_short_channels_are_plain_ascii_and_lines_are_not_said_twice():
    lines = [chunk for _, chunk in APPROVED if chunk.tags]
    for chunk in lines:
        if set(chunk.tag("channel")) & {"sms", "push"}:
            assert chunk.text.isascii(), chunk.text
    keys = [(chunk.doc_id, chunk.headings, chunk.text) for chunk in lines]
    assert len(keys) == len(set(keys))


def test_every_family_has_an_opening_for_every_channel_intent_and_intensity():
    for row in catalogue()[catalogue()["is_live"]].to_dict("records"):
        lines = [
            chunk for _, chunk in APPROVED if row["product_id"] in chunk.product_ids and "opening" in chunk.tag("role")
        ]
        for channel in row["channels"]:
            for intent in ("dormant", "browsing", "considering", "ready"):
                for intensity in ("low", "medium", "high"):
                    fitting = [
                        chunk
                        for chunk in lines
                        if channel in chunk.tag("channel")
                        and intent in chunk.tag("intent")
                        and intensity in (chunk.tag("intensity") or (intensity,))
                    ]
                    assert len(fitting) >= 2, (row["product_id"], channel, intent, intensity)


def test_the_manifest_hash_knows_every_document_and_no_order():
    documents = list(corpus())
    assert manifest_hash(documents) == manifest_hash(documents[::-1])
    assert manifest_hash(documents) != manifest_hash(documents[1:])
