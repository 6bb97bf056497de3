"""Between the warehouse and ``rag/``: rows become the objects it works on, and its results become rows.

What belongs here: queries and frames of schema rag. What is written, proven or released is decided in ``rag/``.
"""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

import duckdb
import pandas as pd

from dagster_pipeline.settings import SETTINGS
from dagster_pipeline.tables import declared_tables, replace_partition
from rag.approvals import NOBODY, STATUSES, Decision
from rag.citations import CitationRow
from rag.compliance.engine import Check
from rag.conflicts import Conflict, without_conflicts
from rag.documents import Document
from rag.template_types import TRANSIENT_REASONS, Night, Template, TemplateBatch

_DAY = timedelta(days=1)
_NOT_REMEMBERED = (*TRANSIENT_REASONS, "pending_approval", "rejected")


def _records(con: duckdb.DuckDBPyConnection, query: str, parameters: list | None = None) -> list[dict]:
    """Return the rows of a query as dictionaries of plain Python values."""
    cursor = con.execute(query, parameters or [])
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def all_documents(con: duckdb.DuckDBPyConnection) -> list[tuple[Document, date]]:
    """Return every content of every document version ever loaded, with the night that brought it first.

    A version whose content was corrected later keeps its name for the first content; each other content is named
    ``version~hash``, so that quotes of messages already sent still stand where they stood.
    """
    rows = _records(
        con,
        """select doc_id, doc_version, content_hash, min(loaded_as_of_date) as first_night,
            any_value(title) as title, any_value(kind) as kind, any_value(product_ids) as product_ids,
            any_value(jurisdictions) as jurisdictions, any_value(valid_from) as valid_from,
            any_value(valid_to) as valid_to, any_value(text) as text, min(source_file) as source_file
        from raw.documents group by doc_id, doc_version, content_hash
        order by doc_id, doc_version, first_night, content_hash""",
    )
    documents, last_key = [], None
    for row in rows:
        key = (row["doc_id"], row["doc_version"])
        suffix = "" if key != last_key else f"~{row['content_hash'][:8]}"
        last_key = key
        document = Document(
            doc_id=row["doc_id"],
            doc_version=row["doc_version"] + suffix,
            title=row["title"],
            kind=row["kind"],
            product_ids=tuple(row["product_ids"] or ()),
            jurisdictions=tuple(row["jurisdictions"] or ()),
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
            text=row["text"],
            content_hash=row["content_hash"],
            file_name=row["source_file"],
        )
        documents.append((document, row["first_night"]))
    return documents


def documents_as_known(con: duckdb.DuckDBPyConnection, night: date) -> list[Document]:
    """Return the documents as known on a night: of each version the content that was loaded last."""
    current = {
        (row["doc_id"], row["doc_version"]): row["content_hash"]
        for row in _records(
            con,
            """select doc_id, doc_version, content_hash from raw.documents where loaded_as_of_date <= ?
            qualify row_number() over (
                partition by doc_id, doc_version order by loaded_as_of_date desc, content_hash desc
            ) = 1""",
            [night],
        )
    }
    return [
        document
        for document, first_night in all_documents(con)
        if first_night <= night
        and current.get((document.doc_id, document.doc_version.split("~")[0])) == document.content_hash
    ]


def usable_documents(con: duckdb.DuckDBPyConnection, night: date) -> tuple[list[Document], tuple[Conflict, ...]]:
    """Return the documents that may be used for tonight's sends, and the disagreements that keep others out."""
    return without_conflicts(documents_as_known(con, night), night + timedelta(days=1))


def documents_loaded_on(con: duckdb.DuckDBPyConnection, night: date) -> date:
    """Return the last night, this one included, on which documents were loaded; the night itself if none ever were."""
    row = con.execute(
        "select max(loaded_as_of_date) from raw.documents where loaded_as_of_date <= ?", [night]
    ).fetchone()
    return row[0] if row and row[0] else night


def products_as_known(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return the catalogue as known tonight, one row per product version; lists are Python lists."""
    rows = _records(con, "select * from intermediate.int_products__as_known order by product_id, valid_from")
    return pd.DataFrame(rows)


def intent_count(con: duckdb.DuckDBPyConnection, night: date) -> int:
    """Return the number of latent intents tonight."""
    row = con.execute(
        "select max(len(probabilities)) from ml.customer_intents where as_of_date = ?", [night]
    ).fetchone()
    return int(row[0]) if row and row[0] else 4


def table_frame(con: duckdb.DuckDBPyConnection, table_name: str) -> pd.DataFrame:
    """Return a declared table as a frame."""
    names = ", ".join(column.name for column in declared_tables()[table_name].columns)
    return con.execute(f"select {names} from {table_name}").df()


def read_templates(con: duckdb.DuckDBPyConnection, night: date) -> tuple[Template, ...]:
    """Return the templates first written on ``night`` or before, by (night, template_id), with their proof.

    A template whose citations are missing was left behind by a killed run; it is not known.
    """
    citations = _grouped(con, "rag.template_citations", "template_id, sentence_number, claim_number")
    checks = _grouped(con, "rag.template_checks", "template_id, rule_id")
    first = {
        row["template_id"]: row
        for row in _records(con, "select * from rag.template_approvals where status in ('automatic', 'pending')")
    }
    templates = []
    for row in _records(
        con,
        "select * from rag.templates where first_written_as_of_date <= ? "
        "order by first_written_as_of_date, template_id",
        [night],
    ):
        name = row["template_id"]
        if name not in citations or name not in first:
            continue
        templates.append(
            Template(
                **{key: value for key, value in row.items() if key != "sentences"},
                sentences=tuple(json.loads(row["sentences"])),
                citations=tuple(CitationRow(**entry) for entry in citations[name]),
                checks=tuple(Check(**entry) for entry in checks.get(name, [])),
                initial_status=first[name]["status"],
                note=first[name]["note"],
            )
        )
    return tuple(templates)


def _grouped(con: duckdb.DuckDBPyConnection, table_name: str, order: str) -> dict[str, list[dict]]:
    grouped: dict[str, list[dict]] = {}
    for row in _records(con, f"select * from {table_name} order by {order}"):
        grouped.setdefault(row.pop("template_id"), []).append(row)
    return grouped


def known_abstentions(con: duckdb.DuckDBPyConnection, night: date) -> dict[str, str]:
    """Return why nothing could be written, by inputs hash, where that holds while the inputs stand."""
    rows = _records(
        con,
        "select inputs_hash, abstain_reason from rag.brief_templates "
        "where as_of_date <= ? and abstain_reason is not null and not list_contains(?, abstain_reason) "
        "order by as_of_date, brief_id",
        [night, list(_NOT_REMEMBERED)],
    )
    return {row["inputs_hash"]: row["abstain_reason"] for row in rows}


def night_of(con: duckdb.DuckDBPyConnection, night: date, prompt_version: str, decisions: Iterable[Decision]) -> Night:
    """Collect what ``rag.templates.write_templates`` needs to know of a night."""
    products = products_as_known(con)
    briefs = _records(con, "select * from rag.briefs")
    return Night(
        as_of_date=night,
        send_date=night + timedelta(days=1),
        documents=tuple(usable_documents(con, night)[0]),
        products=tuple({str(k): v for k, v in row.items()} for row in products.to_dict("records") if row["is_live"]),
        prompt_version=prompt_version,
        known_templates=read_templates(con, night),
        known_abstentions=known_abstentions(con, night),
        brief_keys={
            row["brief_id"]: (
                row["product_id"],
                row["channel"],
                row["intent"],
                row["intensity"],
                row["language"],
                row["jurisdiction_group"],
            )
            for row in briefs
        },
        decisions=tuple(decisions),
    )


def keep_templates(
    con: duckdb.DuckDBPyConnection, night: date, batch: TemplateBatch, all_decisions: list[Decision]
) -> None:
    """Write what a night's writing came to; templates go last, so a killed run leaves none without its proof.

    A template that a later night wrote first and this night writes too becomes this night's.
    """
    own = [
        row["template_id"]
        for row in _records(con, "select template_id from rag.templates where first_written_as_of_date = ?", [night])
    ]
    names = sorted({*own, *(template.template_id for template in batch.templates)})
    citations = [{"template_id": t.template_id, **vars(row)} for t in batch.templates for row in t.citations]
    checks = [{"template_id": t.template_id, **vars(check)} for t in batch.templates for check in t.checks]
    _replace(con, "rag.template_citations", citations, {"template_id": names})
    _replace(con, "rag.template_checks", checks, {"template_id": names})
    _keep_approvals(con, night, batch, names, all_decisions)
    rows = [{"as_of_date": night, **vars(row)} for row in batch.brief_templates]
    _replace(con, "rag.brief_templates", rows, {"as_of_date": night})
    _replace(con, "rag.templates", [template_row(template) for template in batch.templates], {"template_id": names})


def template_row(template: Template) -> dict:
    """Return a template as a row of `rag.templates`."""
    left_out = {"citations", "checks", "initial_status", "note"}
    kept = {key: value for key, value in vars(template).items() if key not in left_out}
    return {**kept, "sentences": json.dumps(template.sentences, ensure_ascii=False)}


def first_approval(template: Template, night: date) -> dict:
    """Return how a template stood when it was written, as a row of `rag.template_approvals`."""
    written_at = datetime.combine(night + _DAY, time(), UTC)
    return _approval(template.template_id, template.initial_status, written_at, NOBODY, template.note, night)


def _keep_approvals(
    con: duckdb.DuckDBPyConnection,
    night: date,
    batch: TemplateBatch,
    names: list[str],
    all_decisions: list[Decision],
) -> None:
    """Write how each template of this night stands, and every decision a person took so far."""
    rows = [first_approval(template, night) for template in batch.templates]
    rows += [
        _approval(made.template_id, made.status, made.decided_at, made.approver, made.note, made.after_night + _DAY)
        for made in all_decisions
        if made.template_id in batch.statuses
    ]
    ruled = {row["template_id"] for row in rows} - set(names)
    where = {"template_id": sorted(ruled), "status": list(STATUSES)}
    written = [row for row in rows if row["template_id"] not in ruled]
    _replace(con, "rag.template_approvals", written, {"template_id": names})
    _replace(con, "rag.template_approvals", [row for row in rows if row["template_id"] in ruled], where)


def _approval(template_id: str, status: str, decided_at: datetime, approver: str, note: str, first_night: date) -> dict:
    return {
        "template_id": template_id,
        "decided_at": decided_at,
        "status": status,
        "approver": approver,
        "note": note,
        "effective_from": first_night,
    }


def _replace(con: duckdb.DuckDBPyConnection, table_name: str, rows: list[dict], where: dict) -> None:
    """Replace a partition by rows; an empty list keeps the declared columns."""
    names = [column.name for column in declared_tables()[table_name].columns]
    replace_partition(con, table_name, pd.DataFrame(rows, columns=names).astype(object), where)


def nights_row(night: date, batch: TemplateBatch, writer: str, reason: str, corpus_version: str) -> dict:
    """Return the night's row of ``rag.nights``."""
    reused = {row.template_id for row in batch.brief_templates if row.template_id and row.is_reused}
    return {
        "as_of_date": night,
        "writer": writer,
        "writer_reason": reason,
        "language_model_calls": batch.calls,
        "templates_written": len(batch.templates),
        "templates_reused": len(reused),
        "corpus_version": corpus_version,
    }


def trace_notes(con: duckdb.DuckDBPyConnection, night: date) -> list[str]:
    """Say where the audit test builds the traces of a sixteenth of a night's messages and not of all."""
    (messages,) = con.execute("select count(*) from rag.messages where as_of_date = ?", [night]).fetchall()[0]
    if messages <= SETTINGS.traced_messages:
        return []
    return [
        f"The audit test builds the traces of a sixteenth of the {messages:,} messages: more than "
        f"{SETTINGS.traced_messages:,} at once outgrow its memory."
    ]
