"""What the writers write, through the proof: the embedded writer's copy passes, a model's is judged by its truth."""

from collections import Counter
from datetime import date
from functools import cache

import pytest

from rag.claims import parse_claims
from rag.compliance.disclosures import value_in_claims
from rag.proving import ProvingGround, prove
from rag.templates import Night, proving_ground
from rag.writers import WriterSettings
from rag.writers.base import Draft
from rag.writers.embedded import EmbeddedWriter
from rag.writers.ollama import OllamaWriter
from tests.ollama_server import Script, false_quote_answer, false_rate_answer, good_answer, running_server
from tests.unit.rag_bank import SEND_DATE, brief, briefs, catalogue, corpus, retrieved

PRODUCTS = ("high_yield_savings", "money_market", "cd_12_month", "cash_rewards_card", "personal_loan", "auto_loan")


@cache
def ground(send_date: date = SEND_DATE) -> ProvingGround:
    live = catalogue()[catalogue()["is_live"]].to_dict("records")
    rows = tuple({str(name): value for name, value in row.items()} for row in live)
    return proving_ground(Night(send_date, send_date, corpus(), rows, "test"))


def reason_of(draft: Draft, wanted, send_date: date = SEND_DATE) -> str | None:
    return prove(draft, wanted, list(retrieved(wanted, send_date)), ground(send_date)).reason


def test_first_drafts_of_the_embedded_writer_are_proven_without_a_warning():
    verdicts: Counter[str] = Counter()
    for wanted in briefs()[::5]:  # 5 and the 12 briefs of a channel share no factor: every kind of brief is met
        draft = EmbeddedWriter().write(wanted, retrieved(wanted))[0]
        proof = prove(draft, wanted, list(retrieved(wanted)), ground())
        assert proof.reason is None, (wanted, proof.reason)
        assert not proof.has_warning, wanted
        verdicts.update(check.rule_id for check in proof.checks if check.verdict == "fixed")
    # Only footers and notices are left to the catalogue: what a rate, bonus or loan needs is said by the copy itself.
    assert set(verdicts) <= {"A-CS-01", "A-TC-01", "A-FD-01", "A-ND-01"}


def test_an_older_night_is_proven_against_the_sheets_of_its_day():
    day = date(2025, 12, 20)
    for wanted in briefs()[::11]:
        draft = EmbeddedWriter().write(wanted, retrieved(wanted, day))[0]
        assert reason_of(draft, wanted, day) is None, wanted


def test_yesterdays_copy_is_refused_when_its_sheet_has_ended():
    wanted = brief("high_yield_savings")
    old = EmbeddedWriter().write(wanted, retrieved(wanted, date(2025, 12, 31)))[0]
    assert "unsupported" in str(reason_of(old, wanted))


@pytest.mark.parametrize(
    ("script", "is_proven"), [(good_answer, True), (false_rate_answer, False), (false_quote_answer, False)]
)
def test_a_model_is_believed_exactly_where_its_sources_bear_it_out(script: Script, is_proven: bool):
    with running_server(script) as server:
        writer = OllamaWriter(WriterSettings(mode="ollama", host=server.host, model="harbor-test", candidates=2))
        for product_id in PRODUCTS:
            wanted = brief(product_id)
            drafts = writer.write(wanted, list(retrieved(wanted)))
            reasons = [reason_of(draft, wanted) for draft in drafts]
            assert any(reason is None for reason in reasons) == is_proven, (product_id, reasons)
            assert all(any("9.99%" in s.text for s in draft.sentences) != is_proven for draft in drafts)


def test_the_balance_of_a_bonus_or_a_fee_is_not_the_balance_of_the_yield():
    lines = {
        "Minimum balance to obtain the bonus: a daily balance of $10,000 for 90 days": None,
        "Minimum balance to avoid the fee: a daily balance of $2,500": None,
        "Minimum balance to earn the annual percentage yield: $2,500": "$2,500",
    }
    for line, expected in lines.items():
        assert value_in_claims("minimum_balance", parse_claims(line, ())) == expected
    for wanted in briefs():
        if wanted.product_id == "high_yield_savings":  # it has no minimum balance, and a bonus with one
            for draft in EmbeddedWriter().write(wanted, retrieved(wanted)):
                said = prove(draft, wanted, list(retrieved(wanted)), ground()).draft.sentences
                assert not any("minimum balance of" in sentence.text.lower() for sentence in said), wanted
