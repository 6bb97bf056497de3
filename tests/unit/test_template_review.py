"""Reviewing templates: what waits is shown with what changed, and only what can be decided is decided."""

from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from dagster_pipeline.cli import app
from dagster_pipeline.template_review import Review
from rag.approvals import ApprovalError, append_decision, read_all
from tests.adversarial.quay_bank import NIGHT, true_documents
from tests.unit.test_rag_messaging import NEXT, con, load, write  # noqa: F401 - con is a fixture
from tests.unit.test_rag_templates import new_rates

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)
AFTER = NEXT + timedelta(days=1)


@pytest.fixture
def home(con, tmp_path):  # noqa: F811
    """A warehouse after a first night and one whose rates changed, as published."""
    con.execute("create schema marts")
    con.execute("create view marts.rpt_nightly_run as select * from rag.nights")
    con.execute("create view marts.fct_template_approvals as select * from rag.template_approvals")
    con.execute("create view marts.fct_message_citations as select * from rag.template_citations")
    con.execute("create view marts.fct_message_checks as select *, null as message_id from rag.template_checks")
    load(con, true_documents(), NIGHT)
    write(con, NIGHT)
    load(con, new_rates("2.90%")[:1], NEXT)
    con.execute("delete from raw.documents where doc_id = 'savings_rates' and doc_version = '1'")
    write(con, NEXT)
    return tmp_path


def review(con, home):  # noqa: F811
    return Review(con, read_all(home / "approvals.jsonl"))


def waiting_of(found):
    return next(item for item in found.templates.values() if item.is_undecided)


def test_the_list_shows_what_waits_and_what_changed(con, home):  # noqa: F811
    found = review(con, home)
    waiting = waiting_of(found)
    text = found.overview()
    assert text.startswith(f"Templates of the night {NEXT}: 4 in use or waiting\n")
    assert "     1 automatic (fallback copy)\n       3 pending\n" in text
    assert text.count("\nTemplate ") == 3
    assert f"rates changed since template {found.last_approved(waiting).template_id}" in text
    assert "~ Quay Savings earns [-3.10%-] [+2.90%+] annual percentage yield (APY)" in text
    assert "apy 2.9 % (on:1500 usd|at_least|balanc) <- savings_rates 2 (2026-01-01 to further notice)" in text
    assert f"make approve TEMPLATE={waiting.template_id} BY='your name'" in text
    assert text.endswith("3 wait for a person; until then their sends get fallback copy.")


def test_a_decision_is_taken_shown_and_in_effect_on_the_next_night(con, home):  # noqa: F811
    found = review(con, home)
    name = waiting_of(found).template_id
    append_decision(home / "approvals.jsonl", found.decision(name, "approved", " R. Vale ", "rates of 11 March", NOW))
    (made,) = read_all(home / "approvals.jsonl")
    assert (made.approver, made.after_night) == ("R. Vale", NEXT)
    seen = review(con, home)
    assert not seen.templates[name].is_undecided
    assert "approved from the next night on: R. Vale: rates of 11 March; pending until then" in seen.detail(
        seen.find(name)
    )
    batch, calls = write(con, AFTER, [made])
    assert calls == 0
    assert name in {row.template_id for row in batch.brief_templates}
    later = review(con, home)
    assert (later.night, later.templates[name].row["status"], later.templates[name].serves) == (AFTER, "approved", 1)
    assert later.last_approved(later.templates[name]).row["first_written_as_of_date"] == NIGHT


def test_a_rejected_template_never_serves_and_can_be_let_out_again_with_a_reason(con, home):  # noqa: F811
    found = review(con, home)
    name = waiting_of(found).template_id
    append_decision(home / "approvals.jsonl", found.decision(name, "rejected", "R. Vale", "", NOW))
    batch, _ = write(con, AFTER, read_all(home / "approvals.jsonl"))
    row = next(row for row in batch.brief_templates if row.waiting_template_id == name)
    assert (row.is_fallback, row.abstain_reason) == (True, "rejected")
    again = review(con, home).decision(name, "approved", "K. Moor", "read again", NOW + timedelta(days=1))
    replaced = append_decision(home / "approvals.jsonl", again)
    assert replaced is not None
    assert replaced.status == "rejected"
    batch, _ = write(con, AFTER + timedelta(days=1), read_all(home / "approvals.jsonl"))
    assert name in {row.template_id for row in batch.brief_templates}


def test_what_cannot_be_decided_says_what_to_do(con, home):  # noqa: F811
    found = review(con, home)
    with pytest.raises(ApprovalError, match=r"No template 'nonsense'.*make templates"):
        found.decision("nonsense", "approved", "R. Vale", "", NOW)
    old = found.last_approved(waiting_of(found)).template_id
    with pytest.raises(ApprovalError, match="out of use since the night 2026-03-10"):
        found.decision(old, "approved", "R. Vale", "", NOW)
    fallback = next(item.template_id for item in found.templates.values() if item.serves)
    with pytest.raises(ApprovalError, match=r"released automatically.*make reject"):
        found.decision(fallback, "approved", "R. Vale", "", NOW)
    assert found.decision(fallback, "rejected", "R. Vale", "", NOW).status == "rejected"


def test_rejected_fallback_copy_leaves_no_text_at_all(con, home):  # noqa: F811
    found = review(con, home)
    fallback = next(item.template_id for item in found.templates.values() if item.serves)
    append_decision(home / "approvals.jsonl", found.decision(fallback, "rejected", "R. Vale", "dull", NOW))
    batch, _ = write(con, AFTER, read_all(home / "approvals.jsonl"))
    assert {row.template_id for row in batch.brief_templates} == {None}


@pytest.fixture
def command(con, home, monkeypatch):  # noqa: F811
    """The command line on that warehouse as a published file; returns exit code and what was printed and told."""
    con.execute(f"attach '{home / 'warehouse.duckdb'}' as published")
    con.execute("copy from database memory to published")
    con.execute("detach published")
    monkeypatch.setenv("WORDBOND_HOME", str(home))

    def run(*arguments):
        result = CliRunner().invoke(app, list(arguments))
        return result.exit_code, result.stdout, result.stderr

    return run


def test_the_commands_list_decide_and_refuse_in_plain_words(con, home, command):  # noqa: F811
    name = waiting_of(review(con, home)).template_id
    code, listed, _ = command("templates")
    assert (code, f"make approve TEMPLATE={name}" in listed) == (0, True)
    assert command("templates", "--template", name)[1].startswith(f"Template {name}\n  pending: rates changed")
    assert command("templates", "--template", "x")[::2] == (
        1,
        "error: No template 'x' in the warehouse published for 2026-03-10. `make templates` lists those in use and "
        "those that wait, with their full ids.\n",
    )
    code, _, told = command("decide", "approved", "--template", name, "--by", "", "--note", "")
    assert (code, told) == (1, "error: BY names nobody (found ''). Say who decides: BY='R. Vale'.\n")
    code, printed, _ = command("decide", "approved", "--template", name, "--by", "R. O'Vale", "--note", 'as "agreed"')
    assert (code, f"Template {name}: approved by R. O'Vale.\nIt counts from the night after 2026-03-10" in printed) == (
        0,
        True,
    )
    code, _, told = command("decide", "approved", "--template", name, "--by", "K. Moor")
    assert (code, "There is nothing more to decide." in told) == (1, True)
    (made,) = read_all(home / "approvals.jsonl")
    assert (made.approver, made.note) == ("R. O'Vale", 'as "agreed"')
    (home / "approvals.jsonl").write_text("half a line")
    for arguments in (("templates",), ("decide", "rejected", "--template", name, "--by", "K. Moor")):
        code, _, told = command(*arguments)
        assert (code, "approvals.jsonl line 1: found 'half a line'; expected a decision" in told) == (1, True)


def test_before_the_first_night_there_is_nothing_to_review(tmp_path, monkeypatch):
    monkeypatch.setenv("WORDBOND_HOME", str(tmp_path))
    result = CliRunner().invoke(app, ["templates"])
    assert (result.exit_code, "does not exist yet. Run `make run` first." in result.stderr) == (1, True)
