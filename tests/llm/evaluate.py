"""``make test-llm``: how much a small real language model makes up, without retrieval, with it, and when it must cite.

Writes `grounding_evaluations.jsonl` in the home, which the next night reads into `marts.rpt_grounding`, and prints the
same as a table. A sentence's truth is a hand label where there is one (`labels.csv`), else what the product's sheets
say of its numbers; sentences that neither decides are left out and counted. `grounding_run.jsonl` holds what was
written, brief by brief, and `grounding_statements.csv` every sentence with its verdicts. A quarter of the briefs is
never evaluated: prompt and settings are tried on them.
"""

import argparse
import csv
import json
import logging
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
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
from tests.llm.configurations import CONFIGURATIONS, Statement, citation_of, write_citing, write_freely
from tests.llm.model_server import MODEL, running_model
from tests.llm.truth import Facts, facts_of, refutes, values_of
from tests.unit.rag_bank import SEND_DATE, briefs, catalogue, retrieved

STATEMENTS = "grounding_statements.csv"
RUN = "grounding_run.jsonl"
MODEL_NAME = "grounding_model.txt"
LABELS = Path(__file__).with_name("labels.csv")
WANTED_SENTENCES = 210
"""Sentences each configuration shall say, as long as there are briefs; rates count those of a product once."""
CANDIDATES = 3
"""Drafts of the product's writer a brief, as many as a night asks for."""
CALL_SECONDS = 600.0
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

    `by_checker` is the citation that bears it out by the product's grounding: its own, or one found for it.
    """

    statement: Statement
    by_hand: bool | None
    by_sheets: bool | None
    by_checker: DraftCitation | None

    @property
    def is_said(self) -> bool:
        """Whether its configuration says it: the third keeps back what grounding refuses."""
        return self.statement.citation is None or self.by_checker is not None

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


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """Return the 95 % interval of a share; of none, anything."""
    if not trials:
        return 0.0, 1.0
    interval = binomtest(hits, trials).proportion_ci(method="wilson")
    return round(float(interval.low), 6), round(float(interval.high), 6)


def rate_row(configuration: str, all_judged: Sequence[Judged], asked: int, writer: str) -> dict:
    """Return a row of `marts.rpt_grounding` for what a configuration said; `asked` = briefs it was asked for.

    A sentence of a product counts once, however many of its briefs say it; a brief is answered if it says any.
    """
    said = [item for item in all_judged if item.is_said]
    judged = [item for item in without_doubles(said) if item.is_supported is not None]
    unsupported = sum(not item.is_supported for item in judged)
    interval = wilson(unsupported, len(judged))
    citations = [item for item in judged if item.statement.citation is not None]
    borne_out = sum(is_borne_out(item) for item in citations)
    is_citing = configuration == CONFIGURATIONS[2]
    return {
        "writer": writer,
        "configuration": configuration,
        "sentences": len(judged),
        "unsupported_sentences": unsupported,
        "unsupported_rate": round(unsupported / max(1, len(judged)), 6),
        "low": interval[0],
        "high": interval[1],
        "citation_recall": round(borne_out / max(1, len(judged)), 6) if is_citing else None,
        "citation_precision": round(borne_out / max(1, len(citations)), 6) if is_citing else None,
        "answer_rate": round(len({item.statement.brief.brief_id for item in said}) / asked, 6),
    }


def is_development(brief: Brief) -> bool:
    """Tell whether prompt and settings may be tried on a brief: a quarter of them, by hash."""
    return brief.brief_id[0] in "0123"


def evaluation_briefs() -> list[Brief]:
    """Return briefs product after product in turn, so that an early end leaves none out; e-mail first."""
    order = {"email": 0, "in_app": 1, "push": 2, "sms": 3}
    kept = [brief for brief in briefs() if not is_development(brief)]
    return sorted(kept, key=lambda b: (order[b.channel], b.intensity, b.intent, b.product_id))


def without_doubles(judged: Iterable[Judged]) -> list[Judged]:
    """Return each sentence of a product once: as it was judged where it was first said, else where it first stood."""
    rows: dict[tuple[str, str], Judged] = {}
    for item in sorted(judged, key=lambda item: not item.is_said):
        rows.setdefault((item.statement.brief.product_id, item.statement.text), item)
    return list(rows.values())


def write_all(host: str, run_file: Path) -> None:
    """Have every configuration written, brief after brief, until each has said enough, into a file."""
    writer = writer_of(host)
    client = ollama.Client(host=host, timeout=CALL_SECONDS, trust_env=False)
    said: Counter[str] = Counter()
    with run_file.open("w", encoding="utf-8") as file:
        for brief in evaluation_briefs():
            found = retrieved(brief)
            for name in CONFIGURATIONS:
                if said[name] >= WANTED_SENTENCES:
                    continue
                is_free = name != CONFIGURATIONS[2]
                new = write_freely(client, MODEL, name, brief, found) if is_free else write_citing(writer, brief, found)
                rows = [(item.text, *(astuple(item.citation) if item.citation else ())) for item in new]
                file.write(json.dumps({"configuration": name, "brief_id": brief.brief_id, "sentences": rows}) + "\n")
                file.flush()
                said[name] += sum(judge(item).is_said for item in new)
            so_far = ", ".join(f"{name} {said[name]}" for name in CONFIGURATIONS)
            print(f"  sentences said so far: {so_far}", file=sys.stderr, flush=True)
            if all(said[name] >= WANTED_SENTENCES for name in CONFIGURATIONS):
                break


def writer_of(host: str) -> OllamaWriter:
    """Return the product's writer with the model; without retries, which would hide how often an answer is no use."""
    return OllamaWriter(
        WriterSettings(
            mode="ollama",
            host=host,
            model=MODEL,
            candidates=CANDIDATES,
            concurrency=1,
            retries=0,
            timeout_seconds=CALL_SECONDS,
            budget_seconds=86_400,
        )
    )


def read_run(run_file: Path) -> tuple[dict[str, list[Judged]], dict[str, int]]:
    """Read what was written and judge it; return all of that and the briefs asked for, by configuration."""
    by_id = {brief.brief_id: brief for brief in briefs()}
    found: dict[str, list[Judged]] = {name: [] for name in CONFIGURATIONS}
    asked: Counter[str] = Counter()
    for line in run_file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        asked[row["configuration"]] += 1
        found[row["configuration"]] += [
            judge(
                Statement(row["configuration"], by_id[row["brief_id"]], text, DraftCitation(*cited) if cited else None)
            )
            for text, *cited in row["sentences"]
        ]
    return found, asked


def agreement(judged: Sequence[Judged], name: str) -> str:
    """Say how far the sheets or the checker agree with the hand labels."""
    rows = [item for item in judged if item.by_hand is not None]
    verdicts = {
        "sheets": [(item.by_hand, item.by_sheets) for item in rows if item.by_sheets is not None],
        "checker": [(item.by_hand, item.by_checker is not None) for item in rows],
    }[name]
    if not verdicts:
        return f"{name}: no hand-labelled sentence to compare with"
    same = sum(hand == other for hand, other in verdicts)
    low, high = wilson(same, len(verdicts))
    passed_false = sum(bool(other) and not hand for hand, other in verdicts)
    refused_true = sum(bool(hand) and not other for hand, other in verdicts)
    return (
        f"{name} and hand agree on {same} of {len(verdicts)} sentences ({same / len(verdicts):.1%}, 95 % interval "
        f"{low:.1%} to {high:.1%}): {passed_false} false ones pass, {refused_true} true ones do not"
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
    fields = ("configuration", "product_id", "sentence", "quote", "is_said", "supported", "by_sheets", "by_checker")
    with file.open("w", newline="", encoding="utf-8") as output:
        table = csv.writer(output)
        table.writerow(fields)
        for item in judged:
            statement = item.statement
            quote = statement.citation.quote if statement.citation else ""
            verdicts = ("" if value is None else int(value) for value in (item.by_hand, item.by_sheets))
            key = (statement.configuration, statement.brief.product_id, statement.text, quote, int(item.is_said))
            table.writerow((*key, *verdicts, int(item.by_checker is not None)))


def report(found: dict[str, list[Judged]], asked: dict[str, int], writer: str, home: Path) -> None:
    """Leave the rows of the three configurations in the home, and print them and how far the verdicts agree."""
    rows = [rate_row(name, found[name], asked[name], writer) for name in CONFIGURATIONS]
    (home / "grounding_evaluations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    distinct = {name: without_doubles(judged) for name, judged in found.items()}
    everything = [item for judged in distinct.values() for item in judged]
    write_statements(everything, home / STATEMENTS)
    print(table_of(rows))
    in_all = ", ".join(f"{name} {sum(item.is_said for item in found[name])}" for name in CONFIGURATIONS)
    print(f"said in all, repeats included: {in_all}")
    said = [item for item in everything if item.is_said]
    undecided = sum(item.is_supported is None for item in said)
    print(f"left out, as neither a number nor a label decides: {undecided} of {len(said)} sentences")
    citing = distinct[CONFIGURATIONS[2]]
    kept = [item for item in citing if item.is_said]
    own_words = sum(item.statement.text != item.statement.citation.quote for item in kept if item.statement.citation)
    print(f"the third wrote {len(citing)} sentences and says {len(kept)}, {own_words} of them in words of its own")
    for name in ("sheets", "checker"):
        print(agreement(everything, name))


def main() -> None:
    """Run the evaluation, or judge an earlier one anew, and write its rows into the home."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", type=Path, required=True, help="virtual environment with the model")
    parser.add_argument("--home", type=Path, required=True, help="WORDBOND_HOME whose next night reads the result")
    parser.add_argument("--again", action="store_true", help="judge the home's last run anew, without the model")
    arguments = parser.parse_args()
    home = arguments.home
    home.mkdir(parents=True, exist_ok=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    if not arguments.again:
        with running_model(arguments.environment, home / "logs") as host:
            (home / MODEL_NAME).write_text(writer_of(host).model_digest)
            write_all(host, home / RUN)
    report(*read_run(home / RUN), (home / MODEL_NAME).read_text(), home)


if __name__ == "__main__":
    main()
