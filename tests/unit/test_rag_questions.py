"""Questions to the corpus: vocabulary, what is asked for, refusals by name, and the decision, on a small bank."""

import json
from datetime import date

import numpy as np
import pytest

from rag.documents import Document, parse_document
from rag.embeddings import EmbedderError, WordLlamaEmbedder
from rag.questions.__main__ import main
from rag.questions.answering import QuestionIndex
from rag.questions.model import AnswerModel, Findings, fit_logistic, load_model, write_model
from rag.questions.vocabulary import find_topics, load_vocabulary, states_listed, states_named, tokens, with_topics
from rag.questions.wants import (
    asks_for_advice,
    asks_for_own_records,
    named_terms,
    share_missing,
    terms_of,
    wanted_kinds,
)
from rag.sentence_embedder import MiniLmEmbedder, OllamaEmbedder, question_embedder
from tests.ollama_server import refused_host, running_server

DAY = date(2026, 2, 1)


def doc(doc_id: str, kind: str, title: str, body: str, **fields: str) -> Document:
    front = {"product_ids": "", "valid_from": "2026-01-01", "version": "'1'"} | fields
    head = "".join(f"{k}: {v}\n" for k, v in ({"doc_id": doc_id, "kind": kind, "title": f"'{title}'"} | front).items())
    return parse_document(f"---\n{head}---\n{body}\n".encode(), f"{doc_id}.md")


BANK = [
    doc("cd", "product_sheet", "Quay CD", "A certificate with a fixed rate for 12 months.", product_ids="cd"),
    doc("cd_rates", "rate_sheet", "Quay CD: rates", "- Annual percentage yield: 4.10%", product_ids="cd"),
    doc(
        "cd_old", "rate_sheet", "Quay CD: rates", "- Annual percentage yield: 4.40%", product_ids="cd",
        valid_from="2025-01-01", valid_to="2025-12-31",
    ),
    doc("wire", "faq", "Questions about wires", "# Q\n\n## What does a wire cost?\n\nAn outgoing wire costs $25."),
    doc("states", "faq", "Where we are", "We serve residents of NY and NJ.", jurisdictions="US-NY|US-NJ"),
    doc("app", "faq", "The app", "# A\n\n## Opening | channel: in_app\n\n- Wires are under Transfers in the app."),
    doc("voice", "brand_voice", "Voice", "# V\n\nWires are simple."),
    doc("sheet", "rate_sheet", "Wires", "# W | role: claim\n\n- Wires cost $25."),
]  # fmt: skip
SURE = AnswerModel((0.0,) * 9, (1.0,) * 9, (0.0,) * 9, 5.0, 0.5, "nothing: always answers")


@pytest.fixture(scope="module")
def index():
    opened = QuestionIndex(":memory:", WordLlamaEmbedder(), SURE)
    opened.refresh(BANK)
    return opened


def found(answer) -> list[str]:
    return [item.doc_id for item in answer.passages]


def test_only_passages_that_state_facts_are_asked(index):
    assert {i.chunk.doc_id for i in index.store.chunks()} == {"cd", "cd_rates", "cd_old", "wire", "states", "app"}


def test_a_question_gets_its_passage_in_the_version_of_the_day(index):
    now = index.ask("What yield does the certificate of deposit pay?", DAY)
    then = index.ask("What yield does the certificate of deposit pay?", date(2025, 6, 1))
    assert now.abstained is None and now.probability > 0.9
    assert found(now)[0] == "cd_rates" and "cd_old" not in found(now)
    assert found(then) == ["cd_old"]


def test_state_and_channel_are_filters(index):
    question = "Which states do you serve residents of?"
    assert "states" in found(index.ask(question, DAY)) and "states" in found(index.ask(question, DAY, "US-NY"))
    assert "states" not in found(index.ask(question, DAY, "US-CA"))
    assert "app" in found(index.ask("wires", DAY, channel="in_app"))
    assert "app" not in found(index.ask("wires", DAY, channel="email"))


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("Did my wire go through?", "own_records"),
        ("Should I buy a CD or shares?", "advice"),
        ("What is your mortgage rate?", "topic: mortgage"),
        ("Can I wire money to Chase?", "topic: named company"),
        ("Do you send wires in Ohio?", "state: OH"),
        ("Do you have a five-year CD?", "term"),
    ],
)
def test_a_question_is_refused_by_name(index, question, reason):
    answer = index.ask(question, DAY)
    assert (answer.abstained, answer.probability) == (reason, 0.0)


def test_a_day_without_valid_documents_has_no_passages(index):
    assert index.ask("What does a wire cost?", date(2020, 1, 1)) == type(index.ask("x", DAY))((), "nothing_valid", 0.0)


def test_what_the_model_doubts_is_abstained_and_its_passages_stay_visible():
    doubting = QuestionIndex(
        ":memory:", WordLlamaEmbedder(), AnswerModel((0.0,) * 9, (1.0,) * 9, (0.0,) * 9, -5.0, 0.5, "")
    )
    doubting.refresh(BANK)
    answer = doubting.ask("What does a wire cost?", DAY)
    assert answer.abstained == "unsure" and answer.probability < 0.01 and "wire" in found(answer)


def test_a_refresh_reads_topics_anew():
    opened = QuestionIndex(":memory:", WordLlamaEmbedder(), SURE)
    opened.refresh(BANK)
    assert opened.ask("Do you have a notary?", DAY).abstained == "topic: notary"
    report = opened.refresh([*BANK, doc("notary", "faq", "Notary", "Branches have a notary.")])
    assert report.embedded == 1 and opened.ask("Do you have a notary?", DAY).abstained is None


def test_the_longest_words_for_a_topic_count():
    assert find_topics("Is there a balance transfer fee on the money market?") == {
        "balance transfer",
        "fee",
        "money market",
    }
    assert "marketing" not in find_topics("money market") and find_topics("sourdough") == frozenset()
    assert with_topics("Any CDs?") == "Any CDs? (certificate of deposit)" and with_topics("Hi.") == "Hi."
    assert tokens("The bank’s fees and a bus") == ["the", "bank", "fee", "and", "a", "bus"]


def test_every_subject_is_a_topic_with_words():
    vocabulary = load_vocabulary()
    topics = {name for names in vocabulary.topics.values() for name in names}
    assert vocabulary.subjects < topics and len(topics) > 150 and () not in vocabulary.topics


def test_states_are_known_by_name_and_code():
    assert states_named("Do you lend in New York or Ohio?") == {"NY", "OH"} and states_named("or in me") == frozenset()
    assert states_listed("residents of NY, NJ and Texas") == {"NY", "NJ", "TX"}


def test_what_a_question_asks_for():
    assert wanted_kinds("How much is the fee?") == ("money",) and wanted_kinds("When is it due?") == ("time",)
    assert wanted_kinds("What APY?") == ("percent",) and wanted_kinds("Who are you?") == ()
    assert share_missing(("money", "time"), "It costs $5.") == 0.5 and share_missing((), "") == 0.0
    assert asks_for_own_records("Has my card been sent?") and not asks_for_own_records("Do I owe tax on interest?")
    assert asks_for_advice("Will rates fall?") and not asks_for_advice("What are your rates?")
    assert named_terms("a five-year CD") == {60} and named_terms("my fifteen-year-old") == frozenset()
    assert terms_of("12 months or 2 years") == {12, 24} == named_terms("a 12-month or two-year CD")


def test_the_fit_finds_what_separates_and_the_parameters_survive_the_file(tmp_path):
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(200, 9))
    answered = rows[:, 0] > 0.2
    model = fit_logistic(rows, answered, 0.4, "200 drawn rows")
    assert max(range(9), key=lambda n: abs(model.weights[n])) == 0
    told = np.array([model.probability(Findings(*row)) >= 0.5 for row in rows])
    assert (told == answered).mean() > 0.9
    write_model(model, tmp_path / "model.json")
    assert load_model(tmp_path / "model.json") == model
    assert 0 < load_model().threshold < 1 and len(load_model().weights) == 9


def test_the_command_prints_the_answer_with_its_place_or_why_there_is_none(tmp_path, capsys):
    (tmp_path / "documents").mkdir()
    text = "---\ndoc_id: wire\ntitle: Wires\nkind: faq\nvalid_from: 2026-01-01\nversion: '1'\n---\nA wire costs $25.\n"
    (tmp_path / "documents" / "wire.md").write_text(text)
    asked = ["--date", "2026-02-01", "--documents", str(tmp_path / "documents"), "--index", str(tmp_path / "q.sqlite")]
    assert main(["What is the cost of a wire?", *asked]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["abstained"] is None and told["passages"] == [
        {"doc_id": "wire", "doc_version": "1", "char_start": 0, "char_end": 17, "text": "A wire costs $25."}
    ]
    assert main(["Do you offer mortgages?", *asked]) == 1
    assert json.loads(capsys.readouterr().out)["abstained"] == "topic: mortgage"
    (tmp_path / "documents" / "bad.md").write_text("no front matter")
    assert main(["What is the cost of a wire?", *asked]) == 2
    assert "found no front matter" in capsys.readouterr().err


def test_the_sentence_embedder_gives_unit_vectors_that_know_paraphrases():
    vectors = MiniLmEmbedder().embed(
        ["Which fee is taken for a wire?", "What does a wire cost?", "How old is the moon?"]
    )
    assert vectors.shape == (3, 384) and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    near, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert near > 0.7
    assert far < 0.3
    assert MiniLmEmbedder().embed([]).shape == (0, 384)


def test_a_model_of_an_ollama_server_may_read_the_questions(monkeypatch):
    with running_server() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.host)
        monkeypatch.setenv("WORDBOND_OLLAMA_EMBED_MODEL", server.models[0])
        embedder = question_embedder()
        assert isinstance(embedder, OllamaEmbedder) and (embedder.dimensions, embedder.name) == (
            3,
            f"ollama-{server.models[0]}",
        )
        vectors = embedder.embed(["fee"] * 70)
        assert vectors.shape == (70, 3) and np.allclose(vectors[69], np.array([3, 2, 1]) / 14**0.5, atol=1e-6)
        with pytest.raises(EmbedderError, match="gave no embeddings of 'nomic'"):
            OllamaEmbedder("nomic")
    with pytest.raises(EmbedderError, match="start it and pull the model, or unset"):
        OllamaEmbedder("nomic", refused_host())
    monkeypatch.delenv("WORDBOND_OLLAMA_EMBED_MODEL")
    assert isinstance(question_embedder(), MiniLmEmbedder)
