"""The dry run: everything at once, in words that say what to mend, and nothing written."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dagster_pipeline.cli import app
from dagster_pipeline.loading.dry_run import check_folder
from dagster_pipeline.loading.errors import InputError
from tests.unit.loading_bank import HEADERS, good_rows, write_bank, write_csv, write_document


def run_check(folder: Path) -> tuple[int, list[str]]:
    result = CliRunner().invoke(app, ["check", "--input", str(folder)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output.splitlines()


def column_line(lines: list[str], file: str, column: str) -> str:
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{file.upper()}:"))
    return next(line for line in lines[start:] if line.startswith(f"  {column} "))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_good_folder_is_loadable_and_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_bank(tmp_path / "bank")
    monkeypatch.setenv("WORDBOND_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scratch").mkdir()
    before = contents(tmp_path)
    code, lines = run_check(folder)

    assert code == 0
    assert lines[-1] == "Verdict: LOADABLE. The first night would be 2025-07-02; 281 of 281 rows would be loaded."
    assert column_line(lines, "transactions", "amount").split() == [
        "amount", "decimal", "0", "40", "0", "-39.25", "to", "-0.25",
    ]  # fmt: skip
    assert column_line(lines, "holdings", "closed_on").split() == ["closed_on", "date", "40", "0", "0"]
    occurred_at = column_line(lines, "events", "occurred_at")
    below = lines[lines.index(occurred_at) + 1]
    assert f"{occurred_at} {below.strip()}".endswith("; all without a zone, read in America/New_York")
    assert below.index("America") == occurred_at.index("2025-07-01")
    assert contents(tmp_path) == before
    assert not (tmp_path / "home").exists()


def test_all_problems_are_told_in_one_go(tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    transactions = folder / "transactions.csv"
    text = transactions.read_text().replace("transaction_id", "trans_id").replace("amount", "amt")
    transactions.write_text(text.replace("2025-07-01T10:00:00Z", "01.07.2025", 3))
    events = good_rows("events")
    for row in events[:10]:
        row[2] = "01/07/2025 10:00"
    events[12][0] = ""
    write_csv(folder / "events.csv", HEADERS["events"], events)
    (folder / "contacts.csv").write_bytes("contact_id;é".encode("utf-16"))
    (folder / "holdings.csv").rename(folder / "holding.csv")
    (folder / "documents" / "bad.md").write_text("no front matter")
    code, lines = run_check(folder)
    text = " ".join(" ".join(lines).split())

    assert code == 1
    assert lines[-1] == "Verdict: NOT LOADABLE; 4 things to mend, listed above."
    for told in (
        "TRANSACTIONS: 40 rows in 1 file; 3 rejected (7.50%); TO MEND, see 1 at the end",
        "DOCUMENTS: 2 rows in 2 files; 1 rejected (50.00%); TO MEND, see 4 at the end",
        "1. transactions.csv lacks the required columns transaction_id, amount.",
        "trans_id looks like transaction_id: rename it if it is.",
        "3 x malformed_value in posted_at: expected an instant such as 2025-12-31T14:05:00Z "
        "e.g. transactions.csv row 1 '01.07.2025'",
        "2. events: 11 of 40 rows (27.5%) are rejected; at most 5% may be.",
        "3. contacts.csv is UTF-16 or binary; expected CSV in UTF-8.",
        "4. documents: 1 of 2 can't be read",
        "10 x malformed_value in occurred_at: expected an instant such as 2025-12-31T14:05:00Z "
        "e.g. events.csv row 1 '01/07/2025 10:00', row 2 '01/07/2025 10:00', row 3 '01/07/2025 10:00' Mend: ",
        "1 x missing_value in event_id: event_id is empty; every row needs one e.g. events.csv row 13",
        "left alone: holding.csv. holding.csv looks like holdings: rename it to holdings.csv if it is.",
        "No holdings: nobody is known to hold a product",
    ):
        assert told in text
    assert "No transactions:" not in text
    assert column_line(lines, "events", "occurred_at").split()[4] == "10"


def test_of_a_file_to_mend_nothing_is_concluded(tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    _, lines = run_check(folder)
    assert any("No control rows" in line for line in lines)
    write_bank(
        folder, contacts=[[*row[:4], "fax", *row[5:]] if n < 10 else row for n, row in enumerate(good_rows("contacts"))]
    )
    _, lines = run_check(folder)
    assert not any("No control rows" in line for line in lines)
    assert "CONTACTS: 40 rows in 1 file; 10 rejected (25.00%); TO MEND, see 1 at the end" in lines


def test_a_row_that_breaks_two_rules_of_a_column_counts_once(tmp_path: Path) -> None:
    folder = write_bank(tmp_path, holdings=[[*row[:3], "0001-01-01"] for row in good_rows("holdings")])
    code, lines = run_check(folder)
    assert code == 1
    assert column_line(lines, "holdings", "closed_on").split()[4] == "40"


def test_a_file_of_another_kind_is_told_apart_from_a_misspelt_name(tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    (folder / "contacts.csv").rename(folder / "contacts.xlsx")
    _, lines = run_check(folder)
    told = "contacts.xlsx is neither CSV nor Parquet: if it holds contacts, export it as contacts.csv."
    assert told in " ".join(" ".join(lines).split())


def test_the_load_names_the_same_problems(tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    (folder / "events.csv").write_text("x,y\n1,2\n")
    (folder / "contacts.csv").write_text("")
    problems = check_folder(folder).problems
    assert len(problems) == 2

    from dagster_pipeline.loading.load import default_as_of_date

    with pytest.raises(InputError) as caught:
        default_as_of_date(folder)
    assert str(caught.value).splitlines() == [
        "The night can't be loaded, for 2 reasons:",
        *(f"{number}. {problem}" for number, problem in enumerate(problems, start=1)),
        f"A verdict on every file and column: make check INPUT={folder}",
    ]


def test_one_broken_file_does_not_drown_the_others(tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    customers = folder / "customers.csv"
    customers.write_text("\n".join(customers.read_text().splitlines()[1:]))
    verdict = check_folder(folder)

    assert [problem.split(":")[0] for problem in verdict.problems] == ["customers.csv"]
    assert "none of the names in its first line is a column of customers" in verdict.problems[0]
    assert "Ana" not in verdict.text()
    assert sum(file.rows_rejected for file in verdict.nights[0].files) == 0
    assert "customer_id of events was not looked up: customers must be mended first (see there)." in (
        verdict.nights[0].remarks
    )


def test_protected_values_are_never_shown(tmp_path: Path) -> None:
    rows = [[*row, "Atlantis" if number == 3 else "A"] for number, row in enumerate(good_rows("customers"))]
    rows[5][3] = "1971-02-30"
    write_csv(write_bank(tmp_path) / "customers.csv", [*HEADERS["customers"], "protected_origin"], rows)
    code, lines = run_check(tmp_path)
    text = "\n".join(lines)

    assert code == 0
    assert column_line(lines, "customers", "birth_date").split() == ["birth_date", "date", "0", "1", "1"]
    assert column_line(lines, "customers", "protected_origin").split() == ["protected_origin", "text", "0", "2", "0"]
    assert not any(value in text for value in ("1971", "1980-05-17", "Atlantis", "Ana"))


def test_free_columns_that_are_almost_numbers_are_told(tmp_path: Path) -> None:
    rows = good_rows("customers")
    rows[7][7] = "n/a"
    write_csv(write_bank(tmp_path) / "customers.csv", [*HEADERS["customers"][:-1], "attr_score"], rows)
    _, lines = run_check(tmp_path)
    assert column_line(lines, "customers", "attr_score").endswith("read as text, for only 39 of 40 values are numbers")


def test_nights_are_read_in_order_on_what_is_known(tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    event = ["e0", "c0", "2025-07-02", "login", "", ""]
    for night, rows in (
        ("2025-07-03", [event]),
        ("2025-07-04", [event, ["n1", "c0", "x", "login", "", ""]]),
        ("2024-01-01", []),
        ("july", []),
    ):
        write_csv(folder / "nights" / night / "events.csv", HEADERS["events"], rows)
    verdict = check_folder(folder)
    later = {night.folder: night for night in verdict.nights[1:]}

    assert list(later) == ["nights/2025-07-03", "nights/2025-07-04"]
    assert not later["nights/2025-07-03"].problems
    groups = later["nights/2025-07-04"].files[0].rejects
    assert [(group.rule, group.rows, group.examples[0][1]) for group in groups] == [
        ("duplicate_row", 1, 1), ("malformed_value", 1, 2),
    ]  # fmt: skip
    assert verdict.problems == [
        "nights/2025-07-04: events: 1 of 2 rows (50.0%) are rejected; at most 5% may be. By rule: malformed_value 1. "
        "See Rejected under EVENTS."
    ]
    assert any("Never read: nights/ 2024-01-01, july." in remark for remark in verdict.nights[0].remarks)
    assert verdict.text().endswith("Verdict: NOT LOADABLE; 1 thing to mend, listed above.")


def test_hostile_names_and_values_print_as_text(tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    rows = [[*row, "x"] for row in good_rows("events")]
    rows[3][2] = "\x1b]0;owned\x07"
    write_csv(folder / "events.csv", [*HEADERS["events"], "\x1b[2Jcleared"], rows)
    write_csv(folder / "\u202etxt.csv", ["a"], [])
    text = check_folder(folder).text()
    assert all(sign.isprintable() or sign == "\n" for sign in text)
    assert r"events.csv row 4 '\x1b]0;owned\x07'" in text
    assert r"\x1b[2jcleared" in text
    assert r"\u202etxt.csv" in text


def test_an_empty_folder_and_none(tmp_path: Path) -> None:
    code, lines = run_check(tmp_path)
    assert (code, lines[-1]) == (1, "Verdict: NOT LOADABLE; 1 thing to mend, listed above.")
    assert any("Found no customers" in line for line in lines)
    code, lines = run_check(tmp_path / "absent")
    assert code == 1
    assert "There is no folder" in lines[-1]


def test_a_document_known_from_an_earlier_night_is_no_problem(tmp_path: Path) -> None:
    folder = write_bank(tmp_path)
    write_document(folder / "nights" / "2025-07-03" / "documents" / "again.md", "savings_sheet")
    verdict = check_folder(folder)
    assert verdict.is_loadable
    assert [(file.name, file.rows_rejected) for file in verdict.nights[1].files] == [("documents", 1)]
