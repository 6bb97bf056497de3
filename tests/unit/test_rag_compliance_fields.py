"""Message files as they come: what has another shape than the rules expect is refused, never read letter by letter."""

import io
import json
from datetime import date
from typing import Any

import pytest

from rag.compliance import cli
from rag.compliance.message_fields import MAX_TEXT, MessageFileError, day_of_text
from rag.compliance.message_file import read_message
from rag.strict_json import StrictJsonError, kind_of, read_json

DAY = date(2026, 11, 5)
PLAIN: dict[str, Any] = {"text": "Save with us.", "subject": "Save", "channel": "email", "product": {"family": "other"}}


def refused(raw: str) -> str:
    with pytest.raises(MessageFileError) as stopped:
        read_message(raw, DAY)
    return str(stopped.value)


@pytest.mark.parametrize(
    ("part", "name", "value", "said"),
    [
        ("customer", "flags", "deceased", "customer.flags is 'deceased'; expected a list of flags"),
        ("customer", "optouts", "email", "customer.optouts is 'email'; expected a list of channels"),
        ("customer", "consents", "email", "customer.consents is 'email'; expected an object such as"),
        ("customer", "replies", "STOP", "customer.replies is 'STOP'; expected a list of texts"),
        ("customer", "replies", [{"said": "STOP"}], "customer.replies is [{'said': 'STOP'}]; expected a list"),
        ("customer", "held_product_ids", "savings", "customer.held_product_ids is 'savings'; expected a list"),
        ("customer", "tz_candidates", "America/New_York", "customer.tz_candidates is 'America/New_York'; expected a"),
        ("customer", "age", "17", "customer.age is '17'; expected a number"),
        ("customer", "registry_date", "lately", "customer.registry_date is 'lately'; expected a date such as"),
        ("offer", "states", "TX", "offer.states is 'TX'; expected a list of texts"),
        ("offer", "valid_from", "2026-13-01", "offer.valid_from is '2026-13-01'; expected a date such as"),
        ("offer", "valid_from", 20260101, "offer.valid_from is 20260101; expected a date such as"),
        ("product", "tiered", 1, "product.tiered is 1; expected true, false or a text"),
        ("product", "rate_type", ["fixed"], "product.rate_type is ['fixed']; expected true, false or a text"),
        ("product", "mapr_percent", "high", "product.mapr_percent is 'high'; expected a number"),
        ("run", "phones", "800-555-0142", "run.phones is '800-555-0142'; expected a list of texts"),
        ("run", "domains", [None], "run.domains is [None]; expected a list of texts"),
    ],
)
def test_a_field_of_another_shape_is_refused_by_name(part, name, value, said):
    assert refused(json.dumps({**PLAIN, part: {**PLAIN.get(part, {}), name: value}})).startswith(said)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": "x" * (MAX_TEXT + 1)}, "text has 8001 characters; expected at most 8000"),
        ({"subject": "x" * 1001}, "subject has 1001 characters; expected at most 1000"),
        ({"text": "Save\u0000 now"}, "text holds U+0000 at place 5"),
        ({"subject": "Save \ud83d"}, "subject holds U+D83D at place 6"),
        ({"language": ["en"]}, "language is ['en']; expected a text"),
        ({"citations": [{"quote": "x" * 20_001}]}, "citations[1].quote has 20001 characters"),
        ({"citations": [{"quote": "x", "product_ids": "a"}]}, "citations[1].product_ids is 'a'; expected a list"),
        ({"offer": {"valid_from": "2026-12-31", "valid_to": "2026-01-01"}}, "offer.valid_from 2026-12-31 is after"),
        ({"text": ["Save"] * 50}, "text is ['Save', 'Save'"),
    ],
)
def test_what_no_rule_could_judge_is_refused(changes, said):
    message = refused(json.dumps({**PLAIN, **changes}))
    assert message.startswith(said)
    assert len(message) < 200


def test_null_is_as_good_as_left_out():
    empty = dict.fromkeys(("subject", "language", "intensity", "from_name", "claims", "citations", "offer", "customer"))
    message = read_message(json.dumps({**PLAIN, **empty, "product": {"family": "other", "name": None}}), DAY).message
    assert (message.language, message.intensity, message.subject) == ("en", "medium", None)


@pytest.mark.parametrize("customer", [{"flags": {"hardship": False}}, {"optouts": {"sms": "2026-10-01"}}, {"age": 40}])
def test_forms_that_rules_can_read_are_taken(customer):
    assert read_message(json.dumps({**PLAIN, "customer": customer}), DAY).customer == customer


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "the file is empty"),
        (b" \r\n", "the file is empty"),
        (b'{"text": "a", "text": "b"}', "the field 'text' stands twice"),
        (b'{"text": "a", "product": {"mapr_percent": NaN}}', "NaN is no number in JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"age": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b"null", "found a JSON null; expected one object"),
        (b'{"text": "caf\xe9"}', "byte 13 is not UTF-8 (found 0xe9); save the file as UTF-8"),
        (json.dumps(PLAIN).encode("utf-16"), "byte 0 is not UTF-8"),
    ],
)
def test_bytes_that_are_no_message_are_refused_in_one_line(raw, said, tmp_path, capsys):
    path = tmp_path / "message.json"
    path.write_bytes(raw)
    assert cli.main([str(path)]) == 2
    printed = capsys.readouterr()
    assert (printed.out, said in printed.err, printed.err.count("\n")) == ("", True, 1)


def test_a_folder_is_no_message(tmp_path, capsys):
    assert cli.main([str(tmp_path)]) == 2
    assert "can't be read (Is a directory); name a file with one JSON object, or -" in capsys.readouterr().err


def test_a_mark_of_byte_order_and_windows_line_ends_change_nothing(tmp_path, capsys, monkeypatch):
    path = tmp_path / "message.json"
    whole = json.dumps({**PLAIN, "run": {"as_of": "2026-11-05"}}, indent=1)
    printed = []
    for raw in (whole.encode(), b"\xef\xbb\xbf" + whole.replace("\n", "\r\n").encode()):
        path.write_bytes(raw)
        code = cli.main([str(path)])
        printed.append((code, capsys.readouterr().out))
    monkeypatch.setattr("sys.stdin", io.StringIO("\ufeff" + whole))
    printed.append((cli.main(["-"]), capsys.readouterr().out))
    assert printed[0] == printed[1] == printed[2]
    assert printed[0][1].count("\n") > 40


def test_a_day_without_rules_lets_nothing_pass(tmp_path, capsys):
    path = tmp_path / "message.json"
    path.write_text(json.dumps({**PLAIN, "run": {"as_of": "1926-11-05"}}))
    assert cli.main([str(path)]) == 2
    printed = capsys.readouterr()
    assert (printed.out, "run.as_of is 1926-11-05; expected a day from 1990-01-01 on" in printed.err) == ("", True)


def test_json_is_read_strictly_and_named_in_its_own_words():
    assert read_json('{"a": [1, 2.5, null, true, "x"]}') == {"a": [1, 2.5, None, True, "x"]}
    kinds = {"object": {}, "list": [], "text": "", "number": 1.5, "true or false": False, "null": None}
    assert {name: kind_of(value) for name, value in kinds.items()} == {name: name for name in kinds}
    with pytest.raises(StrictJsonError, match="the field 'b' stands twice"):
        read_json('{"a": {"b": 1, "b": 2}}')
    assert day_of_text("2026-11-05T23:59:00-05:00") == date(2026, 11, 5)
    assert day_of_text("2026-11-05 or so") is None
