"""The trained support model, its artefact, and the command line."""

import io
import json
import runpy
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag.support.artefact import load_or_train
from rag.support.cli import judge_lines, main, write_judgements
from rag.support.cross_encoder import held_out_scores
from rag.support.evaluation import area_under_curve, balanced_accuracy, bootstrap
from rag.support.features import FEATURES
from rag.support.generator import hand_pairs
from rag.support.model import ERROR_SIGNS, NEAR_COPY, ModelSettings, SupportModel, train
from rag.support.passages import NATURAL_DIR, read_all_passages, read_passages

SMALL = ModelSettings(iterations=60, seeds=(0,), max_documents=0)
NATURAL = hand_pairs(read_all_passages(NATURAL_DIR))
READ = held_out_scores(NATURAL)
EVIDENCE = (
    "The council of Brannock voted 7 to 4 to close Mill Lane to cars on Saturdays. "
    "The trial begins on 3 May and will run for six months. Petra Holm, who runs a bakery, expects more customers."
)


@pytest.fixture(scope="module")
def model() -> SupportModel:
    return train(read_all_passages()[::3], NATURAL[::5], READ[::5], SMALL, "test")


def test_clear_cases(model: SupportModel) -> None:
    pairs = [
        ("The trial begins on 3 May and will run for six months.", True),
        ("The council of Brannock voted to close Mill Lane to cars on Saturdays.", True),
        ("Petra Holm expects more customers.", True),
        ("The council of Brannock voted 9 to 2 to close Mill Lane to cars on Saturdays.", False),
        ("The trial begins on 3 June and will run for six years.", False),
        ("The council of Brannock did not vote to close Mill Lane.", False),
        ("Residents have collected signatures against the noise of lorries at night.", False),
        ("The moon is made of cheese.", False),
    ]
    judged = model.judge([(claim, EVIDENCE) for claim, _ in pairs])
    assert [judgement.supported for judgement in judged] == [expected for _, expected in pairs]
    assert judged[0].reasons[0] == "stands in the evidence word for word"
    assert judged[0].score >= SMALL.verbatim_score
    assert "number 9 not in evidence" in judged[3].reasons[0]


def test_measured_on_development_pairs(model: SupportModel) -> None:
    folder = Path("tests/support_pairs")
    natural = hand_pairs(read_passages(folder / "development_natural.txt"))
    labels = np.array([pair.is_supported for pair in natural])
    judged = model.judge([(pair.claim, pair.evidence) for pair in natural])
    assert area_under_curve(labels, np.array([j.score for j in judged])) > 0.85
    assert balanced_accuracy(labels, np.array([j.supported for j in judged])) > 0.7


def test_scores_never_fall_when_a_direction_is_followed(model: SupportModel) -> None:
    rng = np.random.default_rng(0)
    rows = rng.random((200, len(FEATURES))).astype(np.float32)
    rows[:, [list(FEATURES).index(name) for name in ERROR_SIGNS]] = 0
    read = rng.normal(size=200)
    before = model.score_rows(rows, read)
    assert (model.score_rows(rows, read + 1) > before).all()
    for place, direction in enumerate(FEATURES.values()):
        if direction:
            moved = rows.copy()
            moved[:, place] += direction
            assert (model.score_rows(moved, read) >= before - 1e-12).all()


@pytest.mark.parametrize("sign", ERROR_SIGNS)
def test_the_cross_encoder_does_not_speak_for_a_near_copy_with_an_exact_error(model: SupportModel, sign: str) -> None:
    rows = np.zeros((3, len(FEATURES)), dtype=np.float32)
    rows[:2, list(FEATURES).index("edit_equal")] = NEAR_COPY
    rows[1:, list(FEATURES).index(sign)] = 1
    low, high = (model.score_rows(rows, np.full(3, read)) for read in (0.0, 5.0))
    assert high[1] == low[1] and high[0] > low[0] and high[2] > low[2]


def test_a_judgement_does_not_depend_on_its_batch(model: SupportModel) -> None:
    pairs = [("Petra Holm runs a bakery.", EVIDENCE), ("", EVIDENCE), ("Nobody voted. All cars are blue.", EVIDENCE)]
    assert model.judge(pairs) == [model.judge([pair])[0] for pair in pairs]


def test_the_weakest_sentence_pulls_a_claim_down(model: SupportModel) -> None:
    good = "The trial begins on 3 May and will run for six months."
    both = f"{good} The mayor of Oslo resigned after a scandal in June."
    judged = model.judge([(good, EVIDENCE), (both, EVIDENCE)])
    assert judged[1].score < judged[0].score
    assert not judged[1].supported
    assert any(reason.startswith("weakest of its 2 sentences") for reason in judged[1].reasons)


def test_same_inputs_same_model() -> None:
    settings = replace(SMALL, iterations=20)
    passages = read_all_passages()[:5]
    first, second = (train(passages, NATURAL[:60], READ[:60], settings) for _ in range(2))
    rows = np.random.default_rng(1).random((50, len(FEATURES))).astype(np.float32)
    assert np.array_equal(first.score_rows(rows, np.zeros(50)), second.score_rows(rows, np.zeros(50)))
    assert (first.threshold, first.blend, first.intercept) == (second.threshold, second.blend, second.intercept)


def test_artefact_is_kept_reused_and_replaced_when_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passages = read_all_passages()[:4]
    monkeypatch.setattr("rag.support.artefact.read_all_passages", lambda *_: passages)
    monkeypatch.setattr("rag.support.artefact.hand_pairs", lambda _: NATURAL[:60])
    monkeypatch.setattr("rag.support.artefact.held_out_scores", lambda _: READ[:60])
    settings = replace(SMALL, iterations=10)
    first = load_or_train(tmp_path / "models", tmp_path, settings)
    (path,) = (tmp_path / "models").iterdir()
    assert path.name == f"support-{first.content_hash}.joblib"
    monkeypatch.setattr("rag.support.artefact.train", lambda *_: pytest.fail("trained again"))
    assert load_or_train(tmp_path / "models", tmp_path, settings).content_hash == first.content_hash
    monkeypatch.undo()
    monkeypatch.setattr("rag.support.artefact.read_all_passages", lambda *_: passages)
    monkeypatch.setattr("rag.support.artefact.hand_pairs", lambda _: NATURAL[:60])
    monkeypatch.setattr("rag.support.artefact.held_out_scores", lambda _: READ[:60])
    path.write_bytes(b"half a file")
    assert load_or_train(tmp_path / "models", tmp_path, settings).threshold == first.threshold
    (tmp_path / "new.md").write_text("---\ndoc_id: x\n---\nA text of more than five words stands here.\n")
    assert load_or_train(tmp_path / "models", tmp_path, settings).content_hash != first.content_hash


ODD_LINES = [
    '{"id": 7, "claim": "Petra Holm runs a bakery.", "evidence": ["Petra Holm runs a bakery.", "It rains."]}',
    "",
    "no json",
    "[]",
    '"text"',
    "null",
    '{"claim": "x"}',
    '{"id": "k", "evidence": "x"}',
    '{"claim": 3, "evidence": "x"}',
    '{"claim": "x", "evidence": {"a": 1}}',
    '{"claim": "x", "evidence": ["a", 1]}',
    '{"claim": "", "evidence": ""}',
    '{"claim": "...", "evidence": "\\u0000\\ud800"}',
    '{"id": null, "claim": "Ünïcödé 数字 \U0001f600 ١٢٣", "evidence": "数字 \U0001f600"}',
    '{"claim": "' + "word " * 3000 + '", "evidence": "' + "A sentence of words. " * 2000 + '"}',
    '{"claim": "((((", "evidence": "{\\"a\\": [1, {\\"b\\": null}]}"}',
    "[" * 100_000,
    '{"claim": "' + "x" * 100_000 + '", "evidence": "' + "9" * 50_000 + '"}',
]


def test_odd_lines_are_answered_one_by_one(model: SupportModel) -> None:
    answers = list(judge_lines(ODD_LINES, model))
    assert len(answers) == len(ODD_LINES) - 1
    assert answers[0]["id"] == 7 and answers[0]["supported"] is True
    codes = [answer.get("error", {}).get("code") for answer in answers]
    assert codes[1:10] == [
        "not_json",
        "not_an_object",
        "not_an_object",
        "not_an_object",
        "missing_field",
        "missing_field",
        "wrong_type",
        "wrong_type",
        "wrong_type",
    ]
    assert answers[6]["id"] == "k"
    assert answers[1]["error"]["message"].startswith("line 3: line is not JSON")
    assert answers[10] == {"supported": False, "score": 0.0, "reasons": ["claim is empty"]}
    assert answers[12]["id"] is None
    assert codes[15] == "not_json"
    for answer in answers:
        assert "error" in answer or (
            0 <= answer["score"] <= 1 and isinstance(answer["supported"], bool) and answer["reasons"]
        )


def test_errors_name_what_was_found(model: SupportModel) -> None:
    lines = {
        '{"id": 1, "claim": null, "evidence": "x"}': "line 1: claim is null; expected text",
        '{"id": 1, "claim": "x", "evidence": ["a", {"b": 1}]}': "line 1: evidence[2] is object; expected text",
        '{"id": 1, "claim": "x", "evidence": 3.5}': "line 1: evidence is number; expected text or a list of texts",
        '{"id": 1, "claim": "x", "claim": "y", "evidence": "x"}': "line 1: line is not JSON: the field 'claim' stands",
        '{"id": NaN, "claim": "x", "evidence": "x"}': "line 1: line is not JSON: NaN is no number in JSON",
        '{"id": 1} {"id": 2}': "line 1: line is not JSON: Extra data",
        "[1]": "line 1: line is a JSON list; expected an object with claim and evidence",
    }
    for line, said in lines.items():
        (answer,) = judge_lines([line], model)
        assert answer["error"]["message"].startswith(said)


def test_ids_that_stand_twice_and_many_paragraphs_keep_one_line_a_pair(model: SupportModel) -> None:
    paragraphs = [f"Paragraph {number} speaks of the harbour and of pier {number}." for number in range(200)]
    said = "The treasurer of Skarn resigned in spring."
    pairs = [("a", [*paragraphs, said]), ("a", [said, *paragraphs]), ("b", paragraphs), ("a", [])]
    lines = [json.dumps({"id": name, "claim": said, "evidence": evidence}) for name, evidence in pairs]
    answers = list(judge_lines([f"{line}\r\n" for line in lines], model))
    assert [answer["id"] for answer in answers] == ["a", "a", "b", "a"]
    assert [answer["supported"] for answer in answers] == [True, True, False, False]


def test_stream_of_bytes_in_and_json_lines_out(model: SupportModel) -> None:
    out = io.StringIO()
    write_judgements(
        io.BytesIO(b'\xef\xbb\xbf{"claim": "The caf\xe9 sells coins.", "evidence": "It rains."}\r\n\n{"id": 2}\n'),
        model,
        out,
    )
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == 2
    assert lines[0]["supported"] is False
    assert "the line is not UTF-8" in lines[0]["reasons"][-1]
    assert lines[1]["id"] == 2 and lines[1]["error"]["code"] == "missing_field"


def test_answers_flow_before_the_input_ends(model: SupportModel) -> None:
    read: list[int] = []

    def endless():
        while True:
            read.append(1)
            yield ODD_LINES[0]

    assert next(judge_lines(endless(), model))["id"] == 7
    assert len(read) <= 64


def test_a_line_is_answered_while_the_next_is_not_yet_written(model: SupportModel) -> None:
    answered = threading.Event()

    def one_then_wait():
        yield ODD_LINES[0]
        assert answered.wait(20), "the first line was kept waiting for the second"
        yield "broken"

    answers = judge_lines(one_then_wait(), model)
    assert next(answers)["id"] == 7
    answered.set()
    assert next(answers)["error"]["code"] == "not_json"
    assert list(answers) == []


def test_a_broken_stream_is_told(model: SupportModel) -> None:
    def broken():
        yield ODD_LINES[0]
        raise OSError("disk gone")

    answers = judge_lines(broken(), model)
    assert next(answers)["id"] == 7
    with pytest.raises(OSError, match="disk gone"):
        next(answers)


def test_command_line(model: SupportModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr("rag.support.cli.load_or_train", lambda _: model)
    monkeypatch.setenv("WORDBOND_HOME", str(tmp_path))
    path = tmp_path / "pairs.jsonl"
    path.write_text(ODD_LINES[0] + "\nbroken\n")
    monkeypatch.setattr("sys.argv", ["grounding", str(path)])
    with pytest.raises(SystemExit) as stopped:
        main()
    out, told = capsys.readouterr()
    lines = out.splitlines()
    assert stopped.value.code in (0, None)
    assert told.startswith(f"first use: the support model is trained in {tmp_path / 'models'}")
    assert json.loads(lines[0])["supported"] is True and "error" in json.loads(lines[1])
    monkeypatch.setattr("sys.argv", ["grounding", str(tmp_path / "missing.jsonl")])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "can't be read" in capsys.readouterr().err


def test_figures_of_evaluation() -> None:
    labels = np.array([True, True, False, False])
    assert area_under_curve(labels, np.array([0.9, 0.4, 0.4, 0.1])) == 0.875
    assert balanced_accuracy(labels, np.array([True, False, False, False])) == 0.75
    figure = bootstrap("auc", labels, np.array([0.9, 0.8, 0.2, 0.1]), ["a", "b", "a", "b"])
    assert (figure.value, figure.low, figure.high) == (1.0, 1.0, 1.0)


def test_huge_evidence_takes_bounded_time(model: SupportModel) -> None:
    filler = " ".join(f"Sentence number {i} speaks of matter {i % 97} and of river {i % 31}." for i in range(20_000))
    said = "The treasurer of Skarn resigned in spring."
    start = time.monotonic()
    there, absent = model.judge([(said, f"{filler} {said} {filler}"), (said, filler)])
    assert there.supported and there.reasons[0] == "stands in the evidence word for word"
    assert not absent.supported
    assert time.monotonic() - start < 60


def test_rag_grounding_is_the_same_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", ["rag.grounding", str(tmp_path / "missing.jsonl")])
    monkeypatch.setattr("rag.support.cli.load_or_train", lambda _: None)
    with pytest.raises(SystemExit) as stopped:
        runpy.run_module("rag.grounding", run_name="__main__")
    assert stopped.value.code == 2
    assert "missing.jsonl can't be read" in capsys.readouterr().err
