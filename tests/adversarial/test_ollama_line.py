"""A language model behind Ollama's protocol, from its answer to the template: true texts serve, nothing else does.

Harbor Bank's own corpus, the project's test server, and for every fault a correct text or a named abstention.
"""

from datetime import date

import pytest

from rag.template_types import Night, Template, TemplateBatch
from rag.templates import write_templates
from rag.writers import WriterSettings, WriterUnavailable, choose_writer
from tests.ollama_server import (
    OllamaServer,
    answer_of,
    false_quote_answer,
    false_rate_answer,
    good_answer,
    passages_of,
    refused_host,
    running_server,
)
from tests.unit import rag_bank

NIGHT = date(2025, 12, 31)
BRIEFS = [
    rag_bank.brief("high_yield_savings"),
    rag_bank.brief("cash_rewards_card"),
    rag_bank.brief("personal_loan"),
    rag_bank.brief("renters_insurance"),
]


@pytest.fixture(scope="module")
def server():
    with running_server() as running:
        yield running


def settings(server: OllamaServer, mode: str = "ollama") -> WriterSettings:
    return WriterSettings(
        mode=mode,
        host=server.host,
        model="harbor-test",
        candidates=1,
        retries=0,
        backoff_seconds=0.0,
        timeout_seconds=2.0,
        max_faults_in_a_row=100,
    )


def night_products() -> tuple[dict, ...]:
    """Return the live catalogue as a night hands it over."""
    rows = rag_bank.catalogue()[rag_bank.catalogue()["is_live"]].to_dict("records")
    return tuple(
        {**{str(name): value for name, value in row.items()}, "valid_to_inclusive": date.fromisoformat(row["valid_to"])}
        for row in rows
    )


def run(server: OllamaServer, script=good_answer, fault="none", mode="ollama", wanted=BRIEFS) -> TemplateBatch:
    server.script, server.faults, server.slow_seconds = script, [fault], 4.0
    writer, _ = choose_writer(settings(server, mode))
    night = Night(NIGHT, rag_bank.SEND_DATE, rag_bank.corpus(), night_products(), "test")
    return write_templates(list(wanted), lambda brief, _: list(rag_bank.retrieved(brief)), writer, night)


def served(batch: TemplateBatch, number: int = 0) -> Template:
    name = batch.brief_templates[number].template_id
    assert name is not None
    return batch.in_use[name]


def texts(batch: TemplateBatch) -> str:
    return "\n".join(f"{template.subject}\n{template.body}" for template in batch.in_use.values())


def test_good_answers_become_templates_with_cited_claims(server):
    batch = run(server)
    assert [row.abstain_reason for row in batch.brief_templates] == [None] * len(BRIEFS)
    for number in range(len(BRIEFS)):
        template = served(batch, number)
        assert (template.writer, template.is_fallback) == ("ollama", False)
        assert any(item.method == "exact_value" for item in template.citations)
        assert all(item.verdict == "supported" for item in template.citations)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (false_rate_answer, "unsupported"),
        (false_quote_answer, "unsupported: quote_not_verbatim"),
        (lambda request: good_answer(request).replace('"p', '"p9'), "unsupported: chunk_not_retrieved"),
        (lambda request: answer_of("Guaranteed approval", *lies(request)), "unsupported"),
    ],
)
def test_an_answer_that_is_not_true_is_never_used(server, script, reason):
    batch = run(server, script)
    for row in batch.brief_templates:
        assert row.abstain_reason is not None
        assert row.abstain_reason.startswith(reason)
        assert row.template_id is None or row.is_fallback
    assert "9.99%" not in texts(batch)
    assert "uaranteed approval" not in texts(batch)


def lies(request):
    """True quotes, and sentences that say something else."""
    passage = passages_of(request)[0]
    quote = passage.sentences[0]
    return [("You are approved for this offer.", passage.id, quote), ("Earn 9.99% APY.", passage.id, quote)]


FAULTS = {
    "slow": "writer_timeout",
    "die": "writer_died_midway",
    "truncated": "writer_died_midway",
    "malformed": "writer_malformed_json",
    "empty": "writer_empty",
    "drip": "writer_timeout",
    "garbage": "writer_malformed_json",
    "huge": "writer_malformed_json",
    "error": "writer_server_error",
    "wrong_model": "writer_missing_model",
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_every_fault_ends_in_fallback_copy_and_a_named_abstention(server, fault):
    batch = run(server, fault=fault, wanted=BRIEFS[:1])
    (row,) = batch.brief_templates
    assert (row.abstain_reason, row.is_fallback) == (FAULTS[fault], True)
    assert "%" not in served(batch).body


@pytest.mark.parametrize("fault", ["die", "malformed", "wrong_model"])
def test_under_auto_a_fault_means_the_embedded_writer(server, fault):
    batch = run(server, fault=fault, mode="auto", wanted=BRIEFS[:1])
    (row,) = batch.brief_templates
    assert (row.abstain_reason, row.is_fallback, served(batch).writer) == (None, False, "embedded")


def test_a_substitutes_text_does_not_keep_the_writer_from_being_asked_again(server):
    first = run(server, fault="die", mode="auto", wanted=BRIEFS[:1])
    again = run(server, mode="auto", wanted=BRIEFS[:1])
    assert first.templates[0].inputs_hash != again.templates[0].inputs_hash
    assert again.templates[0].writer == "ollama"


def test_a_server_that_is_not_there_stops_the_night_under_ollama_only():
    gone = WriterSettings(mode="ollama", host=refused_host(), model="harbor-test")
    with pytest.raises(WriterUnavailable, match="ollama serve"):
        choose_writer(gone)
    writer, reason = choose_writer(WriterSettings(mode="auto", host=refused_host(), model="harbor-test"))
    assert (writer.name, "no Ollama server" in reason) == ("embedded", True)
