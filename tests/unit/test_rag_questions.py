"""Questions to the corpus: the search, the reader and its training, and the decision, on a small bank."""

import json
from datetime import date

import numpy as np
import pytest

from rag.documents import Document, parse_document
from rag.embeddings import EmbedderError, WordLlamaEmbedder
from rag.questions.__main__ import main
from rag.questions.answering import QuestionIndex
from rag.questions.asked import load_memory, remember
from rag.questions.asking_day import without_asking_day
from rag.questions.model import AnswerModel, Findings, fit_logistic, load_model, write_model
from rag.questions.reader import QuestionReader, load_reader
from rag.questions.training import Example, ReaderSettings, train_reader
from rag.retrieval import Filters
from rag.sentence_embedder import MiniLmEmbedder, OllamaEmbedder, question_embedder
from tests.ollama_server import refused_host, running_server
from tests.retrieval_questions import LEARNT_FROM, load_questions
from tests.unit.rag_bank import corpus

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
SURE = AnswerModel((0.0,) * 3, (1.0,) * 3, (0.0,) * 3, 5.0, 0.5, "nothing: always answers")
DOUBTING = AnswerModel((0.0,) * 3, (1.0,) * 3, (0.0,) * 3, -5.0, 0.5, "nothing: never answers")


@pytest.fixture(scope="module")
def index():
    opened = QuestionIndex(":memory:", WordLlamaEmbedder(), model=SURE)
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


def test_a_day_without_valid_documents_has_no_passages(index):
    assert index.ask("What does a wire cost?", date(2020, 1, 1)) == type(index.ask("x", DAY))((), "nothing_valid", 0.0)


def test_what_the_model_doubts_is_abstained_and_its_passages_stay_visible():
    doubting = QuestionIndex(":memory:", WordLlamaEmbedder(), model=DOUBTING)
    doubting.refresh(BANK)
    answer = doubting.ask("What does a wire cost?", DAY)
    assert answer.abstained == "unsure" and answer.probability < 0.01 and "wire" in found(answer)


def test_a_refresh_knows_the_new_words():
    opened = QuestionIndex(":memory:", WordLlamaEmbedder(), model=SURE)
    opened.refresh(BANK)
    filters = Filters(send_date=DAY, states=None)
    before = opened.examine("Do you know Mr Brisk?", filters).findings
    report = opened.refresh([*BANK, doc("brisk", "faq", "Manager", "Mr Brisk manages the branch.")])
    after = opened.examine("Do you know Mr Brisk?", filters).findings
    assert before is not None and after is not None and report.embedded == 1
    assert (before.unknown_names, after.unknown_names) == (1.0, 0.0) and after.evidence > before.evidence


def test_a_question_has_the_findings_that_the_decision_is_told_of(index):
    found = index.examine("What does a wire to Zurich cost?", Filters(send_date=DAY, states=None))
    logits = [item.score for item in found.passages]
    assert logits == sorted(logits, reverse=True)
    assert logits[0] <= found.findings.evidence <= logits[0] + np.log(6)
    assert found.findings.unknown_names == 1.0


PASSAGES = [f"A {colour} door leads to the {room}." for colour, room in
            (("red", "kitchen"), ("green", "cellar"), ("blue", "garden"), ("white", "street"))]  # fmt: skip
WORDS = (("cook", 0), ("store wine", 1), ("grow roses", 2), ("hail a cab", 3), ("see my balance", None),
         ("buy a boat", None))  # fmt: skip


def examples() -> list[Example]:
    admitted = np.ones(len(PASSAGES), dtype=bool)
    return [Example(f"Where can I {words}?", admitted, np.arange(4) == place) for words, place in WORDS]


def test_the_reader_learns_which_passage_answers_and_when_none_does():
    adapter = train_reader(PASSAGES, examples(), ReaderSettings(epochs=12, batch=6, learning_rate=3e-3, dropout=0.0))
    reader = QuestionReader(adapter)
    for example, (_, place) in zip(examples(), WORDS, strict=True):
        scores = reader.read(example.text, PASSAGES).scores
        assert (scores.argmax() == place and scores.max() > 0) if place is not None else scores.max() < 0


def test_training_the_reader_is_a_function_of_its_arguments():
    first, second = (train_reader(PASSAGES, examples(), ReaderSettings(epochs=1, batch=4)) for _ in range(2))
    assert all(np.array_equal(a.detach(), b.detach()) for a, b in zip(first.tensors(), second.tensors(), strict=True))


def test_a_passage_is_scored_alike_alone_and_among_others():
    together = load_reader().read("Where do roses grow?", PASSAGES).scores
    alone = [load_reader().read("Where do roses grow?", [passage]).scores[0] for passage in PASSAGES]
    assert together.shape == (4,) and np.allclose(together, alone, atol=0.0021)


def test_the_fit_finds_what_separates_and_the_parameters_survive_the_file(tmp_path):
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(200, 3))
    answered = rows[:, 0] > 0.2
    model = fit_logistic(rows, answered, 0.4, "200 drawn rows")
    assert max(range(3), key=lambda n: abs(model.weights[n])) == 0
    told = np.array([model.probability(Findings(*row)) >= 0.5 for row in rows])
    assert (told == answered).mean() > 0.9
    write_model(model, tmp_path / "model.json")
    assert load_model(tmp_path / "model.json") == model
    assert 0 < load_model().threshold < 1 and len(load_model().weights) == 3


def test_what_was_never_asked_of_these_documents_counts_as_the_mean():
    model = AnswerModel((0.0, 0.4, 0.0), (1.0, 2.0, 1.0), (1.0, 3.0, 0.0), 0.0, 0.5, "by hand")
    assert model.probability(Findings(0.7, None, 0.0)) == model.probability(Findings(0.7, 0.4, 0.0)) == 0.668188
    assert model.probability(Findings(0.7, 0.0, 0.0)) < 0.668188


AXES = np.eye(384)
MEMORY = remember(AXES[[0, 0, 1, 2, 3]] + 0.01 * AXES[4], [["fees"], ["fees", "rates"], ["rates"], [], []], 4)
"""Two questions along one axis, the others each along its own."""


@pytest.mark.parametrize(
    ("axis", "in_force", "leaning"),
    [
        (0, {"fees", "rates"}, 2 / 3),
        (0, {"fees"}, 2 / 3),
        (0, {"rates"}, 0.0),
        (0, set(), -2 / 3),
        (1, {"fees", "rates"}, 1 / 3),
        (1, {"fees"}, -1 / 3),
        (2, {"fees", "rates"}, -1 / 3),
        (2, set(), -1 / 3),
    ],
)
def test_the_nearest_questions_lean_to_answered_only_while_their_documents_hold(axis, in_force, leaning):
    assert MEMORY.leaning(AXES[axis], in_force) == pytest.approx(leaning, abs=0.001)


def test_a_memory_is_of_a_corpus_that_has_its_documents_and_survives_the_file(tmp_path):
    assert MEMORY.documents == ("fees", "rates") and MEMORY.answered_by.tolist()[:4] == [
        [0, -1],
        [0, 1],
        [1, -1],
        [-1, -1],
    ]
    assert MEMORY.is_of({"fees", "rates", "more"}) and not MEMORY.is_of({"fees"})
    MEMORY.save(tmp_path / "asked.npz")
    read = load_memory(tmp_path / "asked.npz")
    assert read.documents == MEMORY.documents
    assert all(np.array_equal(getattr(read, name), getattr(MEMORY, name))
               for name in ("mean", "directions", "vectors", "answered_by"))  # fmt: skip


def test_the_memory_that_ships_is_of_the_questions_learnt_from_and_of_no_other_bank(index):
    learnt = [question for name in LEARNT_FROM for question in load_questions(name)]
    memory = load_memory()
    assert len(memory.vectors) == len(learnt)
    answered = (memory.answered_by >= 0).any(axis=1)
    assert answered.tolist() == [bool(question.answers) for question in learnt]
    assert memory.is_of({document.doc_id for document in corpus()})
    assert index.examine("What does a wire cost?", Filters(send_date=DAY)).findings.asked_before is None


def test_the_command_prints_the_answer_with_its_place_or_why_there_is_none(tmp_path, capsys):
    (tmp_path / "documents").mkdir()
    text = "---\ndoc_id: wire\ntitle: Wires\nkind: faq\nvalid_from: 2026-01-01\nversion: '1'\n---\nA wire costs $25.\n"
    (tmp_path / "documents" / "wire.md").write_text(text)
    asked = ["--date", "2026-02-01", "--documents", str(tmp_path / "documents"), "--index", str(tmp_path / "q.sqlite")]
    assert main(["What is the cost of a wire?", *asked]) == 0
    printed = capsys.readouterr()
    assert printed.err == "No question asked before is known of these documents; the reader alone decides.\n"
    told = json.loads(printed.out)
    assert told["abstained"] is None and told["passages"] == [
        {"doc_id": "wire", "doc_version": "1", "char_start": 0, "char_end": 17, "text": "A wire costs $25."}
    ]
    assert main(["Who was the first man on the moon?", *asked]) == 1
    assert json.loads(capsys.readouterr().out)["abstained"] == "unsure"
    (tmp_path / "documents" / "bad.md").write_text("no front matter")
    assert main(["What is the cost of a wire?", *asked]) == 2
    assert "found no front matter" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"question": "  "}, "it is empty; ask in words"),
        ({"question": "why " * 501}, "it has 2004 characters; expected at most 2000"),
        ({"--date": "soon"}, "'soon' is no day; expected one such as 2026-01-31"),
        ({"--state": "New York"}, "'New York' is no state; expected one of ISO 3166-2, such as US-NY"),
        ({"--documents": "none"}, "none is no folder; name one that holds documents"),
        ({"--documents": "empty"}, "empty holds no document (.htm"),
        ({"--index": "none/q.sqlite"}, "none/q.sqlite can't be used as an index (unable to open database file)"),
        ({"--index": "text"}, "text can't be used as an index (file is not a database); name a new file"),
    ],
)
def test_what_can_not_be_asked_is_refused_in_one_message(changes, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("no database " * 100)
    (tmp_path / "documents").mkdir()
    front = "---\ndoc_id: wire\ntitle: Wires\nkind: faq\nvalid_from: 2026-01-01\nversion: '1'\n---\n"
    (tmp_path / "documents" / "wire.md").write_text(f"{front}A wire costs $25.\n")
    chosen = {"--date": "2026-02-01", "--documents": "documents", **changes}
    question = chosen.pop("question", "What is the cost of a wire?")
    asked = [question, *(word for pair in chosen.items() for word in pair)]
    code: object
    try:
        code = main(asked)
    except SystemExit as stopped:
        code = stopped.code
    printed = capsys.readouterr()
    assert (code, printed.out, said in printed.err) == (2, "", True)


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


@pytest.mark.parametrize(
    ("question", "day", "kept"),
    [
        ("What did certificates yield in spring 2025?", "2025-04-15", "What did certificates yield?"),
        ("What did certificates yield in spring 2025?", "2025-06-01", None),
        ("What did certificates yield in spring 2025?", "2026-04-15", None),
        ("How big was the reward back in autumn?", "2025-10-10", "How big was the reward?"),
        ("Savings rate this December, please", "2027-12-01", "Savings rate, please"),
        ("In January 2026, what is the fee?", "2026-01-15", "what is the fee?"),
        ("Rate on January 15, 2026?", "2026-01-15", "Rate?"),
        ("Rate on January 16, 2026?", "2026-01-15", None),
        ("Rate on 2026-01-15?", "2026-01-15", "Rate?"),
        ("The yield that applied last September?", "2025-09-15", "The yield that applied?"),
        ("The yield that applied last September?", "2025-10-15", None),
        ("What was the fee in Q2 2025?", "2025-06-30", "What was the fee?"),
        ("What was the fee in the second quarter of 2025?", "2025-07-01", None),
        ("What was the fee in 2025?", "2025-07-01", "What was the fee?"),
        ("What was the fee in 2024?", "2025-07-01", None),
        ("What was the fee in May?", "2025-05-20", "What was the fee?"),
        ("Will it come by the end of May?", "2025-05-20", None),
        ("Does it end next May?", "2025-05-20", None),
        ("The $2025 limit?", "2025-07-01", None),
        ("What may this March on fees mean?", "2026-04-01", None),
        ("May I close it since January 2026?", "2026-01-15", None),
        ("Does the January 2026's sheet hold?", "2026-01-15", None),
        ("this winter", "2026-01-15", None),
    ],
)
def test_a_time_is_left_out_where_it_is_the_day_the_question_is_put_to(question, day, kept):
    assert without_asking_day(question, date.fromisoformat(day)) == (kept or question)


def test_a_question_put_to_a_past_day_may_name_it(index):
    named = index.examine("What did the Quay CD yield in spring 2025?", Filters(send_date=date(2025, 4, 15)))
    assert named == index.examine("What did the Quay CD yield?", Filters(send_date=date(2025, 4, 15)))
    other = index.examine("What did the Quay CD yield in spring 2024?", Filters(send_date=date(2025, 4, 15)))
    assert other.findings != named.findings
