"""The evaluation without a model: what the third configuration is asked for, says and keeps back."""

import json
from dataclasses import replace

from rag.writers.ollama import OllamaWriter
from rag.writers.settings import WriterSettings
from tests.llm.configurations import CONFIGURATIONS, write_citing
from tests.llm.evaluate import (
    evaluation_briefs,
    is_development,
    judge,
    rate_row,
    read_run,
    without_doubles,
)
from tests.ollama_server import false_rate_answer, good_answer, running_server
from tests.unit.rag_bank import brief, briefs, retrieved

SAVINGS = brief("high_yield_savings")


def statements(script, fault="none"):
    with running_server(script, [fault]) as server:
        settings = WriterSettings(mode="ollama", host=server.host, model="harbor-test", candidates=2, retries=0)
        return write_citing(OllamaWriter(settings), SAVINGS, retrieved(SAVINGS))


def test_the_third_configuration_says_what_its_quotes_bear_out_and_nothing_that_was_laid_around_it():
    found = statements(good_answer)
    assert len(found) >= 3 and not any("{first_name}" in item.text for item in found)
    assert all(item.citation is not None and item.citation.quote == item.text for item in found)
    assert all(judge(item).is_said for item in found)


def test_it_keeps_back_what_its_quotes_do_not_bear_out():
    judged = [judge(item) for item in statements(false_rate_answer)]
    false = [item for item in judged if "9.99%" in item.statement.text]
    assert false and not any(item.is_said for item in false)
    row = rate_row(CONFIGURATIONS[2], judged, 1, "test")
    assert (row["unsupported_sentences"], row["answer_rate"]) == (0, 1.0)


def test_an_answer_that_can_not_be_had_is_a_brief_without_a_sentence():
    assert statements(good_answer, "malformed") == []
    row = rate_row(CONFIGURATIONS[2], [], 1, "test")
    assert (row["sentences"], row["low"], row["high"], row["answer_rate"]) == (0, 0.0, 1.0, 0.0)


def test_a_quarter_of_the_briefs_is_kept_from_the_evaluation():
    kept = evaluation_briefs()
    assert not any(map(is_development, kept)) and len(kept) + sum(map(is_development, briefs())) == len(briefs())
    assert 0.65 < len(kept) / len(briefs()) < 0.85
    assert len({item.product_id for item in kept[:60]}) == 10


def test_a_run_is_read_back_and_counts_each_sentence_of_a_product_once(tmp_path):
    item = next(item.chunk for item in retrieved(SAVINGS) if "3.85%" in item.chunk.text and item.kind == "rate_sheet")
    rows = [
        {"configuration": name, "brief_id": SAVINGS.brief_id, "sentences": sentences}
        for name, sentences in (
            (CONFIGURATIONS[0], [["It earns 3.58% APY."], ["It earns 3.58% APY."]]),
            (CONFIGURATIONS[2], [["It earns 3.58% APY.", item.chunk_id, item.text], ["", "x", "y"]]),
        )
    ]
    (tmp_path / "run").write_text("\n".join(map(json.dumps, rows)))
    found, asked = read_run(tmp_path / "run")
    assert (len(found[CONFIGURATIONS[0]]), len(found[CONFIGURATIONS[1]]), len(found[CONFIGURATIONS[2]])) == (2, 0, 2)
    assert asked == {CONFIGURATIONS[0]: 1, CONFIGURATIONS[2]: 1}
    (free, again), citing = found[CONFIGURATIONS[0]], found[CONFIGURATIONS[2]]
    assert (free.is_said, free.by_sheets, [item.is_said for item in citing]) == (True, False, [False, False])
    assert without_doubles([free, again]) == [free]
    row = rate_row(CONFIGURATIONS[0], [free, again], 1, "test")
    assert (row["sentences"], row["unsupported_sentences"]) == (1, 1)


def test_a_sentence_said_once_counts_as_said_and_every_brief_that_says_it_as_answered():
    said = judge(statements(good_answer)[0])
    kept_back = replace(said, by_checker=None)
    elsewhere = replace(said, statement=replace(said.statement, brief=brief("high_yield_savings", channel="push")))
    assert without_doubles([kept_back, said]) == [said]
    row = rate_row(CONFIGURATIONS[2], [said, elsewhere], 2, "test")
    assert (row["sentences"], row["answer_rate"]) == (int(said.is_supported is not None), 1.0)
