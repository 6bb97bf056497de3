"""The product's own writer with a small real language model: whatever it answers, nothing unproven is served.

Run by `make test-llm`, which names the environment of the model in WORDBOND_LLM_ENVIRONMENT.
"""

import json
import os
from pathlib import Path

import ollama
import pytest

from rag.prompts import build_prompt
from rag.template_types import Night
from rag.templates import write_templates
from rag.writers import WriterSettings, WriterUnavailable, choose_writer
from rag.writers.ollama import read_answer
from tests.adversarial.test_ollama_line import BRIEFS, NIGHT, night_products
from tests.llm.model_server import MODEL, running_model
from tests.unit import rag_bank

ENVIRONMENT = os.environ.get("WORDBOND_LLM_ENVIRONMENT", "")
pytestmark = pytest.mark.skipif(not ENVIRONMENT, reason="needs a language model: run `make test-llm`")
CALL_SECONDS = 300.0


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with running_model(Path(ENVIRONMENT), tmp_path_factory.mktemp("model")) as address:
        yield address


def settings(host: str, model: str = MODEL) -> WriterSettings:
    return WriterSettings(
        mode="ollama", host=host, model=model, candidates=1, retries=0, concurrency=1, timeout_seconds=CALL_SECONDS
    )


def test_the_server_speaks_the_protocol_and_keeps_to_a_schema(host):
    client = ollama.Client(host=host, timeout=CALL_SECONDS, trust_env=False)
    prompt = build_prompt(BRIEFS[0], list(rag_bank.retrieved(BRIEFS[0])))
    assert prompt is not None
    options = {"seed": 1, "num_predict": 1_500, "temperature": 0.0}
    answers = [
        client.chat(model=MODEL, messages=prompt.messages, format=prompt.schema, options=options) for _ in range(2)
    ]
    assert answers[0].message.content == answers[1].message.content
    passages = {item.chunk.chunk_id: item.chunk.text for item in rag_bank.retrieved(BRIEFS[0])}
    subject, sentences = read_answer(answers[0].message.content or "", prompt.aliases)
    assert subject and 3 <= len(json.loads(answers[0].message.content or "")["sentences"]) <= 6
    assert all(item.quote in passages[item.chunk_id] for sentence in sentences for item in sentence.citations)


def test_a_model_the_server_lacks_is_named(host):
    with pytest.raises(WriterUnavailable, match="ollama pull no-such-model"):
        choose_writer(settings(host, "no-such-model"))


def test_what_it_writes_is_served_only_where_it_is_proven(host):
    writer, _ = choose_writer(settings(host))
    night = Night(NIGHT, rag_bank.SEND_DATE, rag_bank.corpus(), night_products(), "test")
    wanted = BRIEFS[:2]
    batch = write_templates(list(wanted), lambda brief, _: list(rag_bank.retrieved(brief)), writer, night)
    assert writer.calls >= len(wanted)
    assert len(batch.brief_templates) == len(wanted)
    for row in batch.brief_templates:
        assert (row.abstain_reason is None) == (row.template_id is not None and not row.is_fallback)
    for template in batch.in_use.values():
        assert template.citations
        assert {citation.verdict for citation in template.citations} == {"supported"}
