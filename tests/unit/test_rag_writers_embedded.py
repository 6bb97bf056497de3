import re
from collections import Counter
from datetime import date
from functools import cache

import pandas as pd
import pytest

from rag.briefs import Brief, brief_id_of, briefs_of, enumerate_briefs, intent_name_of
from rag.retrieval import retrieve
from rag.store import Store
from rag.writers.base import MAX_CHARACTERS, SLOTS, Draft, DraftSentence, WriterFault, render_body
from rag.writers.compose import expanded_length, gather, pick, reserved_length
from rag.writers.embedded import EmbeddedWriter
from tests.unit.rag_bank import SEND_DATE, brief, briefs, catalogue, retrieved
from tests.unit.test_rag_store import doc

NUMBER = re.compile(r"\d")


@cache
def all_drafts() -> dict[Brief, list[Draft]]:
    return {wanted: EmbeddedWriter().write(wanted, retrieved(wanted)) for wanted in briefs()}


def first(wanted: Brief) -> Draft:
    return all_drafts()[wanted][0]


def body(wanted: Brief) -> str:
    return render_body(first(wanted).sentences, wanted.channel)


def test_briefs_are_every_live_product_channel_intent_and_intensity():
    frame = enumerate_briefs(catalogue())
    channels = sum(len(row) for row in catalogue().loc[catalogue()["is_live"], "channels"])
    assert len(frame) == channels * 4 * 3 == 396
    assert frame["brief_id"].is_unique and set(frame["jurisdiction_group"]) == {"all"}
    row = frame.iloc[0]
    assert row["brief_id"] == brief_id_of(row[list(frame.columns[1:])])
    assert len(enumerate_briefs(catalogue(), intents=2, languages=("en", "es"))) == channels * 2 * 3 * 2
    assert [intent_name_of(intent, 3) for intent in range(3)] == ["dormant", "considering", "ready"]


def test_a_version_that_is_not_live_gets_no_brief_and_an_unknown_channel_is_refused():
    versions = catalogue().loc[~catalogue()["is_live"], "product_version"].tolist()
    assert len(versions) == 1 and not set(enumerate_briefs(catalogue())["product_version"]) & set(versions)
    strange = catalogue().head(1).assign(channels=pd.Series([["fax"]]))
    with pytest.raises(ValueError, match="everyday_checking: channel 'fax'"):
        enumerate_briefs(strange)
    with pytest.raises(KeyError):
        briefs_of(enumerate_briefs(catalogue()), catalogue().head(1))


def test_every_sentence_stands_verbatim_in_a_passage_retrieved_for_the_brief():
    for wanted, drafts in all_drafts().items():
        passages = {item.chunk.chunk_id: item for item in retrieved(wanted)}
        for draft in drafts:
            for sentence in draft.sentences:
                (citation,) = sentence.citations
                source = passages[citation.chunk_id]
                assert citation.quote == sentence.text and sentence.text in source.chunk.text
                if NUMBER.search(sentence.text.replace("12-Month", "")):
                    assert source.product_ids == (wanted.product_id,), sentence.text
                    assert source.kind in ("rate_sheet", "fee_schedule", "promotion")


def test_every_text_fits_its_channel_with_the_fixed_texts_to_come():
    for wanted, drafts in all_drafts().items():
        room = reserved_length(wanted, gather(wanted, retrieved(wanted)))
        assert wanted.channel == "email" or wanted.family not in ("deposit", "insurance") or room > 0
        for draft in drafts:
            assert expanded_length(draft.sentences, wanted) + room <= MAX_CHARACTERS[wanted.channel]


def test_only_known_slots_are_used_and_every_action_has_its_link():
    for wanted in briefs():
        slots = set(re.findall(r"\{([^{}]*)\}", body(wanted) + (first(wanted).subject or "")))
        assert slots <= set(SLOTS)
        assert ("link" in slots) == (wanted.channel != "push")
        assert first(wanted).sentences[-2 if wanted.channel == "email" else -1].role == "call_to_action"


def test_an_email_has_subject_greeting_three_to_eight_sentences_and_a_sign_off():
    for wanted in (item for item in briefs() if item.channel == "email"):
        draft = first(wanted)
        assert draft.subject and draft.subject_citations[0].quote == draft.subject
        roles = [sentence.role for sentence in draft.sentences]
        assert (roles[0], roles[-1]) == ("greeting", "sign_off") and "{first_name}" in draft.sentences[0].text
        assert 3 <= sum(role in ("opening", "claim", "benefit", "closing") for role in roles) <= 10
        assert "\n\n" in body(wanted)
    assert all(first(item).subject is None for item in briefs() if item.channel != "email")


def test_email_of_deposit_card_and_loan_states_a_rate_or_fee_with_its_source():
    for wanted in (item for item in briefs() if item.channel == "email" and item.family != "insurance"):
        claims = [sentence for sentence in first(wanted).sentences if sentence.role == "claim"]
        assert any(re.search(r"\d%|\$\d", sentence.text) for sentence in claims), wanted


def test_a_text_message_names_the_bank_and_is_plain_ascii():
    for wanted in (item for item in briefs() if item.channel == "sms"):
        assert body(wanted).startswith("Harbor Bank:") and body(wanted).isascii()


def test_copy_varies_by_product_intent_intensity_and_channel():
    bodies = [body(wanted) for wanted in briefs()]
    assert len(set(bodies)) >= 0.95 * len(bodies)
    openings = Counter(next(s.text for s in first(w).sentences if s.role == "opening") for w in briefs())
    assert len(openings) >= 150 and openings.most_common(1)[0][1] <= 14
    savings = {
        body(brief("high_yield_savings", "email", intent, "medium"))
        for intent in ("dormant", "browsing", "considering", "ready")
    }
    assert len(savings) == 4
    lengths = {
        level: sum(len(first(w).sentences) for w in briefs() if w.channel == "email" and w.intensity == level)
        for level in ("low", "medium", "high")
    }
    assert lengths["low"] < min(lengths["medium"], lengths["high"])


def test_a_promotion_is_told_at_high_intensity_to_those_near_to_opening():
    for product_id, amount in (("everyday_checking", "$200 bonus"), ("high_yield_savings", "$150 bonus")):
        assert amount in body(brief(product_id, "email", "ready", "high"))
        assert amount not in body(brief(product_id, "email", "dormant", "high"))


def test_the_same_brief_gives_the_same_drafts_and_retrieval_order_does_not_count():
    for wanted in briefs()[::17]:
        again = EmbeddedWriter().write(wanted, list(reversed(retrieved(wanted))))
        assert again == all_drafts()[wanted]


def test_candidates_differ_and_the_last_one_names_no_terms():
    writer = EmbeddedWriter()
    drafts = writer.write(brief("cash_rewards_card"), retrieved(brief("cash_rewards_card")))
    assert (len(drafts), writer.calls, writer.name) == (3, 1, "embedded")
    assert not any(NUMBER.search(sentence.text) for sentence in drafts[-1].sentences)


def test_a_line_for_another_channel_or_intent_is_left_out_even_when_handed_in():
    wanted = brief("high_yield_savings", "sms", "ready", "high")
    others = retrieved(brief("high_yield_savings", "email", "dormant", "low"))
    material = gather(wanted, [*retrieved(wanted), *others])
    assert all("sms" in (item.chunk.tag("channel") or ("sms",)) for lines in material.lines.values() for item in lines)
    assert pick(material, "opening", wanted) == pick(gather(wanted, retrieved(wanted)), "opening", wanted)


def test_an_older_night_quotes_the_rate_of_its_day():
    wanted = brief("cd_12_month")
    texts = {
        day: render_body(EmbeddedWriter().write(wanted, list(retrieved(wanted, day)))[0].sentences, "email")
        for day in (date(2025, 12, 31), date(2026, 1, 1))
    }
    assert "4.25%" in texts[date(2025, 12, 31)] and "4.10%" in texts[date(2026, 1, 1)]


def test_a_corpus_of_plain_fact_sheets_still_gets_plain_copy():
    wanted = brief("cash_rewards_card")
    sheet = "# Card\n\n- Type: card\n\nSpend $10 within 7 days and receive a $5 reward. "
    sheet += "Rewards are paid in the app.\n\nToo short. What is not named here has no fee at all."
    with Store(":memory:") as opened:
        opened.refresh([doc("card", sheet, products="cash_rewards_card", kind="product_sheet")])
        drafts = EmbeddedWriter().write(wanted, retrieve(opened, wanted, SEND_DATE))
        assert [s.text for s in drafts[0].sentences] == [
            "Spend $10 within 7 days and receive a $5 reward.",
            "Rewards are paid in the app.",
        ]
        assert drafts[0].subject == "Spend $10 within 7 days and receive a $5 reward."
        push = brief("cash_rewards_card", "push")
        assert len(EmbeddedWriter().write(push, retrieve(opened, push, SEND_DATE))[0].sentences) == 1


def test_without_material_the_writer_says_so():
    with pytest.raises(WriterFault, match="nothing to write from for travel_card by email") as caught:
        EmbeddedWriter().write(brief("travel_card"), [])
    assert caught.value.kind == "no_material"
    with pytest.raises(ValueError, match="fault kind 'lazy'"):
        WriterFault("lazy", "x")


def test_layout_puts_a_benefit_with_the_opening_or_with_the_closing():
    def line(role: str) -> DraftSentence:
        return DraftSentence(role, role)

    roles = (
        "greeting",
        "opening",
        "benefit",
        "claim",
        "benefit",
        "closing",
        "call_to_action",
        "sign_off",
        "disclosure",
    )
    assert render_body(tuple(line(role) for role in roles), "email") == (
        "greeting\n\nopening benefit\n\nclaim\n\nbenefit closing\n\ncall_to_action\n\nsign_off\n\ndisclosure"
    )
    assert render_body((line("opening"), line("claim")), "sms") == "opening claim"
