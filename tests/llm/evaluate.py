"""``make test-llm``: how much a small real language model makes up, without retrieval, with it, and when it must cite.

Writes `grounding_evaluations.jsonl` in the home, which the next night reads into `marts.rpt_grounding`, and prints the
same as a table. A sentence's truth is a hand label where there is one (`labels.csv`), else what the product's sheets
say of its numbers; sentences that neither decides are left out and counted; `grounding_statements.csv` holds every
sentence with its verdicts.
"""

import argparse
import csv
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import ollama
from scipy.stats import binomtest

from rag.briefs import Brief
from rag.documents import load_corpus
from rag.evidence import Sources
from rag.retrieval import Retrieved
from rag.writers.base import DraftCitation
from rag.writers.ollama import OllamaWriter
from rag.writers.settings import WriterSettings
from tests.llm.configurations import CONFIGURATIONS, Statement, citation_of, cited, write
from tests.llm.model_server import MODEL, running_model
from tests.llm.truth import Facts, facts_of, refutes, values_of
from tests.unit.rag_bank import SEND_DATE, briefs, catalogue, retrieved

STATEMENTS = "grounding_statements.csv"
LABELS = Path(__file__).with_name("labels.csv")
WANTED_SENTENCES = 210
"""Said sentences wanted of each configuration, as long as there are briefs."""
SHEETS = ("rate_sheet", "fee_schedule", "product_sheet", "promotion")


def sources_of(found: Sequence[Retrieved]) -> Sources:
    """Return what a brief's text may be grounded in."""
    names = dict(zip(catalogue()["product_id"], catalogue()["name"], strict=True))
    return Sources({item.chunk.chunk_id: item for item in found}, documents(), names, SEND_DATE)


@cache
def documents() -> dict:
    """Return the corpus by document and version."""
    return {(document.doc_id, document.doc_version): document for document in load_corpus()}


@cache
def facts(product_id: str) -> Facts:
    """Return the numbers of a product's sheets in force on the send date."""
    return facts_of(
        document
        for document in documents().values()
        if product_id in document.product_ids and document.kind in SHEETS and document.is_valid_on(SEND_DATE)
    )


@cache
def labels() -> dict[tuple[str, str], bool]:
    """Return the hand labels: (product_id, sentence) to whether the valid documents bear it out."""
    with LABELS.open(newline="", encoding="utf-8") as file:
        return {(row["product_id"], row["sentence"]): row["supported"] == "1" for row in csv.DictReader(file)}


@dataclass(frozen=True)
class Judged:
    """A statement with what is known of its truth; None = not decided.

    `by_checker` is the citation the product's grounding finds for it among the brief's passages.
    """

    statement: Statement
    by_hand: bool | None
    by_sheets: bool | None
    by_checker: DraftCitation | None

    @property
    def is_supported(self) -> bool | None:
        """The truth used: the hand label, else what the sheets say of the numbers."""
        return self.by_sheets if self.by_hand is None else self.by_hand


def judge(statement: Statement) -> Judged:
    """Judge one statement by hand label, by the sheets, and by the product's own checker."""
    found = retrieved(statement.brief)
    refuted = refutes(facts(statement.brief.product_id), statement.text)
    return Judged(
        statement,
        labels().get((statement.brief.product_id, statement.text)),
        None if refuted is None else not refuted,
        citation_of(statement, found, sources_of(found)),
    )


def is_borne_out(judged: Judged) -> bool:
    """Say whether the citation supports its sentence: a true sentence, and a verbatim quote with all its numbers."""
    citation = judged.statement.citation
    if citation is None or not judged.is_supported:
        return False
    passages = {item.chunk.chunk_id: item.chunk.text for item in retrieved(judged.statement.brief)}
    numbers = {value for _, value in values_of(judged.statement.text)}
    return citation.quote in passages[citation.chunk_id] and numbers <= {v for _, v in values_of(citation.quote)}


def rate_row(all_judged: Sequence[Judged], asked: int, writer: str) -> dict:
    """Return one row of `marts.rpt_grounding` for what a configuration said; `asked` = briefs it was asked for."""
    said = [item for item in all_judged if item.statement.is_said]
    judged = [item for item in said if item.is_supported is not None]
    unsupported = sum(not item.is_supported for item in judged)
    interval = binomtest(unsupported, max(1, len(judged))).proportion_ci(method="wilson")
    citations = [item for item in judged if item.statement.citation is not None]
    borne_out = sum(is_borne_out(item) for item in citations)
    is_citing = all_judged[0].statement.configuration == "retrieval_and_citation"
    return {
        "writer": writer,
        "configuration": all_judged[0].statement.configuration,
        "sentences": len(judged),
        "unsupported_sentences": unsupported,
        "unsupported_rate": round(unsupported / max(1, len(judged)), 6),
        "low": round(float(interval.low), 6),
        "high": round(float(interval.high), 6),
        "citation_recall": round(borne_out / max(1, len(judged)), 6) if is_citing else None,
        "citation_precision": round(borne_out / max(1, len(citations)), 6) if is_citing else None,
        "answer_rate": round(len({item.statement.brief.brief_id for item in said}) / asked, 6),
    }


def evaluation_briefs() -> list[Brief]:
    """Return briefs product after product in turn, so that an early end leaves none out; e-mail first."""
    order = {"email": 0, "in_app": 1, "push": 2, "sms": 3}
    return sorted(briefs(), key=lambda b: (order[b.channel], b.intensity, b.intent, b.product_id))


def written(client: ollama.Client, configuration: str) -> tuple[list[Judged], int]:
    """Have brief after brief written and judged until enough is said; return that and the briefs asked for."""
    judged: list[Judged] = []
    asked = 0
    for brief in evaluation_briefs():
        # The third configuration says a part of what the second writes, so the second writes on until that is enough.
        said = sum(item.by_checker is not None for item in judged) if configuration == "retrieval" else len(judged)
        if said >= WANTED_SENTENCES:
            break
        before = {(item.statement.brief.product_id, item.statement.text) for item in judged}
        new = write(client, MODEL, configuration, brief, retrieved(brief))
        judged += [judge(statement) for statement in new if (brief.product_id, statement.text) not in before]
        asked += 1
        print(f"  {configuration}: {asked} briefs, {len(judged)} sentences", file=sys.stderr, flush=True)
    return judged, asked


def agreement(judged: Sequence[Judged], name: str) -> str:
    """Say how far the sheets or the checker agree with the hand labels, each labelled sentence counted once."""
    rows = {(item.statement.brief.product_id, item.statement.text): item for item in judged if item.by_hand is not None}
    verdicts = {
        "sheets": [(item.by_hand, item.by_sheets) for item in rows.values() if item.by_sheets is not None],
        "checker": [(item.by_hand, item.by_checker is not None) for item in rows.values()],
    }[name]
    if not verdicts:
        return f"{name}: no hand-labelled sentence to compare with"
    same = sum(hand == other for hand, other in verdicts)
    interval = binomtest(same, len(verdicts)).proportion_ci(method="wilson")
    passed_false = sum(bool(other) and not hand for hand, other in verdicts)
    refused_true = sum(bool(hand) and not other for hand, other in verdicts)
    return (
        f"{name} and hand agree on {same} of {len(verdicts)} sentences ({same / len(verdicts):.1%}, 95 % interval "
        f"{interval.low:.1%} to {interval.high:.1%}): {passed_false} false ones pass, {refused_true} true ones do not"
    )


def table_of(rows: Sequence[dict]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| configuration | sentences | unsupported | rate | 95 % | citation recall | citation precision | answered |"
    ]
    lines.append("|---" * 8 + "|")
    for row in rows:
        shown = [
            "none asked" if row[name] is None else f"{row[name]:.3f}"
            for name in ("citation_recall", "citation_precision")
        ]
        interval = f"{row['low']:.3f} to {row['high']:.3f}"
        cells = [row["configuration"], row["sentences"], row["unsupported_sentences"], f"{row['unsupported_rate']:.3f}"]
        lines.append(
            "| " + " | ".join(str(cell) for cell in [*cells, interval, *shown, f"{row['answer_rate']:.3f}"]) + " |"
        )
    return "\n".join(lines)


def write_statements(judged: Sequence[Judged], file: Path) -> None:
    """Write every sentence with its verdicts, the undecided ones ready for a label."""
    fields = ("configuration", "brief_id", "product_id", "sentence", "supported", "by_sheets", "by_checker")
    with file.open("w", newline="", encoding="utf-8") as output:
        table = csv.writer(output)
        table.writerow(fields)
        for item in judged:
            brief = item.statement.brief
            key = (item.statement.configuration, brief.brief_id, brief.product_id, item.statement.text)
            verdicts = ("" if value is None else int(value) for value in (item.by_hand, item.by_sheets))
            table.writerow((*key, *verdicts, int(item.by_checker is not None)))


def read_statements(file: Path) -> dict[str, list[Judged]]:
    """Read what an earlier run wrote, by configuration, and judge it anew: with labels added since, say."""
    by_id = {brief.brief_id: brief for brief in briefs()}
    found: dict[str, list[Judged]] = {"no_retrieval": [], "retrieval": []}
    with file.open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            statement = Statement(row["configuration"], by_id[row["brief_id"]], row["sentence"])
            found[row["configuration"]].append(judge(statement))
    return found


def report(found: dict[str, list[Judged]], asked: dict[str, int], writer: str, home: Path) -> None:
    """Leave the rows of the three configurations in the home, and print them and how far the verdicts agree."""
    free, retrieving = found["no_retrieval"], found["retrieval"]
    citing = [replace(item, statement=cited(item.statement, item.by_checker)) for item in retrieving]
    rows = [
        rate_row(free, asked["no_retrieval"], writer),
        rate_row(retrieving, asked["retrieval"], writer),
        rate_row(citing, asked["retrieval"], writer),
    ]
    (home / "grounding_evaluations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    everything = [*free, *retrieving]
    write_statements(everything, home / STATEMENTS)
    print(table_of(rows))
    undecided = sum(item.is_supported is None for item in everything)
    print(f"left out, as neither a number nor a label decides: {undecided} of {len(everything)} sentences")
    for name in ("sheets", "checker"):
        print(agreement(everything, name))


def main() -> None:
    """Run the evaluation, or judge an earlier one anew, and write its rows into the home."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", type=Path, required=True, help="virtual environment with the model")
    parser.add_argument("--home", type=Path, required=True, help="WORDBOND_HOME whose next night reads the result")
    parser.add_argument("--again", action="store_true", help="judge the home's last run anew, without the model")
    arguments = parser.parse_args()
    arguments.home.mkdir(parents=True, exist_ok=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    run_file = arguments.home / "grounding_run.json"
    if arguments.again:
        run = json.loads(run_file.read_text())
        report(read_statements(arguments.home / STATEMENTS), run["asked"], run["writer"], arguments.home)
        return
    with running_model(arguments.environment, arguments.home / "logs") as host:
        writer = OllamaWriter(WriterSettings(mode="ollama", host=host, model=MODEL)).model_digest
        client = ollama.Client(host=host, timeout=600, trust_env=False)
        outcome = {name: written(client, name) for name in CONFIGURATIONS[:2]}
    asked = {name: count for name, (_, count) in outcome.items()}
    run_file.write_text(json.dumps({"asked": asked, "writer": writer}))
    report({name: judged for name, (judged, _) in outcome.items()}, asked, writer, arguments.home)


if __name__ == "__main__":
    main()
