"""The README of the door: every rule is listed, and every example is rejected with the message that stands there."""

import re
from dataclasses import replace
from pathlib import Path

from dagster_pipeline.loading import contract
from dagster_pipeline.loading.load import load_night
from dagster_pipeline.loading.settings import LOAD_SETTINGS
from tests.unit.loading_bank import HEADERS, NIGHT, connect, fetch, write_bank

README = Path(contract.__file__).with_name("README.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `(\w+)`\n\n(.*?)(?=\n### |\Z)", README, re.DOTALL | re.MULTILINE))
Reject = tuple[str, str | None, str]


def results(folder: Path, examples: list[str]) -> dict[str, list[Reject]]:
    """Load the small bank with the example rows at the end of its files; return each one's rejects."""
    write_bank(folder)
    places = {}
    for example in examples:
        name, row = example.split(": ", 1)
        if name.startswith("documents/"):
            (folder / name).write_text(row + "\n")
            places[example] = (name, 0)
            continue
        with (folder / f"{name}.csv").open("ab") as file:
            file.write(row.encode().replace(rb"\xe9", b"\xe9") + b"\n")
        rows = len((folder / f"{name}.csv").read_bytes().splitlines())
        places[example] = (f"{name}.csv", rows - 1)
    with connect() as con:
        load_night(con, folder, NIGHT, replace(LOAD_SETTINGS, max_reject_share=1.0))
        return {
            example: fetch(
                con,
                "select rule, column_name, message from raw.rejects "
                f"where file = '{file}' and row_number = {row_number} order by rule",
            )
            for example, (file, row_number) in places.items()
        }


def test_every_rule_is_listed_with_its_meaning_and_what_to_do() -> None:
    assert list(SECTIONS) == list(contract.RULES)
    for name, rule in contract.RULES.items():
        told = SECTIONS[name].splitlines()[0]
        assert told == f"{rule.meaning[0].upper()}{rule.meaning[1:]}. To mend: {rule.mend}."


def test_the_columns_are_those_of_the_examples() -> None:
    listed = dict(re.findall(r"^(\w+) {2,}(customer_id\S*|\w+_id,\S*)$", README, re.MULTILINE))
    assert listed == {name: ",".join(header) for name, header in HEADERS.items() if name != "products"}


def test_every_example_is_rejected_with_the_message_that_is_printed(tmp_path: Path) -> None:
    printed = {
        rule: re.findall(r"^([\w/.]+: .*)\n  -> (.*)$", section, re.MULTILINE) for rule, section in SECTIONS.items()
    }
    assert all(printed.values())
    found = results(tmp_path, [example for pairs in printed.values() for example, _ in pairs])
    for rule, pairs in printed.items():
        for example, message in pairs:
            assert [(kind, f"{column}: {text}" if column else text) for kind, column, text in found[example]] == [
                (rule, message)
            ]
