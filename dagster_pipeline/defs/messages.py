"""Messages: the corpus, the briefs, the proven texts, and tonight's messages.

What belongs here: the assets; each reads frames, calls ``rag/``, writes its partition and says what it did.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import dagster as dg
import pandas as pd
from dagster_dbt import get_asset_key_for_model

from dagster_pipeline import messaging
from dagster_pipeline.defs import decisions, features
from dagster_pipeline.defs.partitions import nightly_partitions
from dagster_pipeline.defs.resources import Warehouse, partition_date
from dagster_pipeline.notes import record_notes
from dagster_pipeline.tables import declared_tables, replace_partition
from dagster_pipeline.writing_progress import keeper

OWNERS = ["team:messaging"]
BACKFILL_POLICY = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
_PRODUCTS = get_asset_key_for_model([features.feature_models], "int_products__as_known")
_DECISIONS = get_asset_key_for_model([decisions.decision_models], "fct_offer_decisions")
_TEMPLATE_TABLES = (
    "template_citations",
    "template_checks",
    "template_approvals",
    "brief_templates",
    "templates",
    "nights",
)


@dg.asset(
    key=["rag", "documents"],
    group_name="messages",
    owners=OWNERS,
    kinds={"duckdb", "table"},
    deps=[dg.AssetKey(["raw", "documents"])],
    partitions_def=nightly_partitions,
    backfill_policy=BACKFILL_POLICY,
    description=declared_tables()["rag.documents"].description,
)
def documents(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Keep every content of every document version ever loaded."""
    with warehouse.connect() as con:
        known = [document for document, _ in messaging.all_documents(con)]
        columns = [column.name for column in declared_tables()["rag.documents"].columns]
        frame = pd.DataFrame([{name: getattr(document, name) for name in columns} for document in known])
        replace_partition(con, "rag.documents", frame.reindex(columns=columns), {})
    kinds = Counter(document.kind for document in known)
    return dg.MaterializeResult(metadata={"dagster/row_count": len(known), "kinds": dict(sorted(kinds.items()))})


@dg.asset(
    key=["rag", "chunks"],
    group_name="messages",
    owners=OWNERS,
    kinds={"duckdb", "sqlite"},
    deps=[documents],
    partitions_def=nightly_partitions,
    backfill_policy=BACKFILL_POLICY,
    description=declared_tables()["rag.chunks"].description,
)
def chunks(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Cut the documents into passages and bring the index of those known tonight up to date."""
    from rag.chunking import chunk_document
    from rag.store import Store

    night = partition_date(context)
    columns = [column.name for column in declared_tables()["rag.chunks"].columns]
    with warehouse.connect() as con:
        everything = [chunk for document, _ in messaging.all_documents(con) for chunk in chunk_document(document)]
        sound = [chunk for chunk in everything if chunk.finding is None]
        rows = [{name: getattr(chunk, name) for name in columns} for chunk in sound]
        frame = pd.DataFrame(rows, columns=columns).drop_duplicates("chunk_id")
        for name in ("product_ids", "jurisdictions"):
            frame[name] = frame[name].map(list)
        replace_partition(con, "rag.chunks", frame, {})
        current, conflicts = messaging.usable_documents(con, night)
        record_notes(con, night, "documents", [f"{conflict}." for conflict in conflicts])
    with Store(warehouse.home.index_file) as store:
        report = store.refresh(current)
    for conflict in conflicts:
        context.log.error(f"{conflict}.")
    for _, doc_id, finding in report.quarantined:
        context.log.warning(f"A passage of {doc_id} is quarantined: {finding}.")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(frame),
            "quarantined": len(report.quarantined),
            "indexed": report.added + report.kept,
            "newly_embedded": report.embedded,
            "sheets_that_disagree": len(conflicts),
        }
    )


@dg.asset(
    key=["rag", "briefs"],
    group_name="messages",
    owners=OWNERS,
    kinds={"duckdb", "table"},
    deps=[_PRODUCTS, dg.AssetKey(["ml", "customer_intents"])],
    partitions_def=nightly_partitions,
    backfill_policy=BACKFILL_POLICY,
    description=declared_tables()["rag.briefs"].description,
)
def briefs(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Enumerate what texts the catalogue needs; briefs of earlier nights stay."""
    from rag.briefs import enumerate_briefs

    night = partition_date(context)
    with warehouse.connect() as con:
        tonight = enumerate_briefs(messaging.products_as_known(con), messaging.intent_count(con, night))
        replace_partition(con, "rag.briefs", tonight, {"brief_id": tonight["brief_id"].tolist()})
    counts = Counter(f"{row.product_id}, {row.channel}" for row in tonight.itertuples())
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(tonight),
            "by_product_and_channel": dict(sorted(counts.items())),
        }
    )


def _specs(names: tuple[str, ...], deps: list) -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            key=["rag", name],
            deps=deps,
            group_name="messages",
            owners=OWNERS,
            kinds={"duckdb", "table"},
            description=declared_tables()[f"rag.{name}"].description,
            partitions_def=nightly_partitions,
        )
        for name in names
    ]


@dg.multi_asset(specs=_specs(_TEMPLATE_TABLES, [briefs, chunks]), backfill_policy=BACKFILL_POLICY)
def written_templates(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    """Find or write, prove and approve the text of every brief; what can't be proven gets fallback copy or none."""
    from rag.approvals import read_approvals
    from rag.briefs import briefs_of
    from rag.corpus_pin import CorpusPin
    from rag.documents import manifest_hash
    from rag.prompts import PROMPT_VERSION
    from rag.retrieval import retrieve
    from rag.store import Store
    from rag.templates import write_templates
    from rag.writers import choose_writer, settings_from_environment
    from rag.writers.embedded import EmbeddedWriter

    as_of_date = partition_date(context)
    settings = settings_from_environment()
    writer, reason = choose_writer(settings)
    context.log.info(f"Writer: {writer.name} ({reason}).")
    stand_in = EmbeddedWriter() if settings.mode == "auto" and writer.name != "embedded" else None
    approvals_file = warehouse.home.approvals_file
    with warehouse.connect() as con:
        night = messaging.night_of(con, as_of_date, PROMPT_VERSION, read_approvals(approvals_file, as_of_date))
        loaded_on = messaging.documents_loaded_on(con, as_of_date)
        products = messaging.products_as_known(con)
        wanted = _tonights_briefs(con, products, as_of_date)
        served = briefs_of(wanted, products, messaging.intent_count(con, as_of_date))
    with Store(warehouse.home.index_file) as store, warehouse.connect() as con:
        night = replace(night, corpus_pin=CorpusPin(store.corpus_version(), loaded_on))
        batch = write_templates(
            served,
            lambda brief, day: retrieve(store, brief, day),
            writer,
            night,
            stand_in,
            lambda done, total: context.log.info(f"{done} of {total} briefs") if done % 100 == 0 else None,
            keeper(con, as_of_date),
        )
    for item in batch.withdrawn:
        context.log.warning(f"For the owner of {item.doc_id} {item.doc_version}: left out, {item.evidence}.")
    if batch.stand_ins:
        reason += f"; {batch.stand_ins} briefs: nothing it wrote could be proven, the embedded writer wrote"
    note = writer.note() if hasattr(writer, "note") else ""
    reason = "; ".join(part for part in (reason, note) if part)
    with warehouse.connect() as con:
        (last_night,) = con.execute("select max(as_of_date) from rag.nights").fetchall()[0]
        seen = max(as_of_date, last_night or as_of_date)
        messaging.keep_templates(con, as_of_date, batch, read_approvals(approvals_file, seen))
        row = messaging.nights_row(as_of_date, batch, writer.name, reason, manifest_hash(list(night.documents)))
        replace_partition(con, "rag.nights", pd.DataFrame([row]), {"as_of_date": as_of_date})
    metadata = _writing_metadata(batch, row)
    for name in _TEMPLATE_TABLES:
        yield dg.MaterializeResult(asset_key=["rag", name], metadata=metadata if name == "templates" else {})


def _tonights_briefs(con, products: pd.DataFrame, night) -> pd.DataFrame:
    """Return the briefs of the versions that are live on the send date."""
    from rag.briefs import enumerate_briefs

    return enumerate_briefs(products, messaging.intent_count(con, night))


def _writing_metadata(batch, row: dict) -> dict:
    reasons = Counter(item.abstain_reason for item in batch.brief_templates if item.abstain_reason)
    statuses = Counter(batch.statuses[name] for name in batch.in_use)
    verdicts = Counter(
        f"{check.rule_id} {check.verdict}"
        for template in batch.in_use.values()
        for check in template.checks
        if check.verdict != "pass"
    )
    return {
        "briefs": len(batch.brief_templates),
        "served": sum(item.template_id is not None for item in batch.brief_templates),
        "fallback": sum(item.is_fallback for item in batch.brief_templates),
        "written": row["templates_written"],
        "reused": row["templates_reused"],
        "writer": f"{row['writer']} ({row['writer_reason']})",
        "abstentions": dict(sorted(reasons.items())),
        "approvals": dict(sorted(statuses.items())),
        "rules_that_did_not_just_pass": dict(sorted(verdicts.items())),
    }


@dg.multi_asset(
    specs=_specs(
        ("messages", "message_checks"), [_DECISIONS, *(dg.AssetKey(["rag", name]) for name in _TEMPLATE_TABLES)]
    ),
    backfill_policy=BACKFILL_POLICY,
)
def rendered_messages(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    """Render tonight's sends, check consent, quiet hours, offer and slots again, and release or withhold by name."""
    from dagster_pipeline.releasing import release_night
    from rag.approvals import latest_status, read_approvals
    from rag.template_types import status_of

    night = partition_date(context)
    rulings = latest_status(read_approvals(warehouse.home.approvals_file, night))
    with warehouse.connect() as con:
        templates = messaging.read_templates(con, night)
        statuses = {template.template_id: status_of(template, rulings) for template in templates}
        release_night(con, night, statuses, templates)
        record_notes(con, night, "audit", messaging.trace_notes(con, night))
        metadata = message_metadata(con, night)
        (checks,) = con.execute("select count(*) from rag.message_checks").fetchall()[0]
    yield dg.MaterializeResult(asset_key=["rag", "messages"], metadata=metadata)
    yield dg.MaterializeResult(asset_key=["rag", "message_checks"], metadata={"dagster/row_count": checks})


def message_metadata(con, night: date) -> dict:
    """Return what Dagster shows of a night's messages: released, withheld by reason, fallback, a sample."""
    counts = con.execute(
        "select coalesce(withheld_reason, status), count(*) from rag.messages where as_of_date = ? "
        "group by 1 order by 1",
        [night],
    ).fetchall()
    shares = con.execute(
        """select decisions.product_id, messages.channel, count(*),
            count(*) filter (where coalesce(templates.is_fallback, true)) / count(*)
        from rag.messages as messages inner join marts.fct_offer_decisions as decisions using (decision_id)
        left join rag.templates as templates on templates.template_id = messages.template_id
        where messages.as_of_date = ? group by 1, 2 order by 1, 2""",
        [night],
    ).fetchall()
    table = "\n".join(f"| {product} | {channel} | {sends} | {share:.1%} |" for product, channel, sends, share in shares)
    return {
        "dagster/row_count": sum(count for _, count in counts),
        "released": dict(counts).get("released", 0),
        "withheld": {reason: count for reason, count in counts if reason != "released"},
        "fallback_by_product_and_channel": dg.MetadataValue.md(
            f"| product | channel | sends | fallback or none |\n|---|---|---|---|\n{table}"
        ),
        "sample": dg.MetadataValue.md(_sample(con, night)),
    }


def _sample(con, night: date) -> str:
    """Return one released message as Markdown: an e-mail where there is one."""
    rows = con.execute(
        """select subject, body, channel, message_id from rag.messages where as_of_date = ? and status = 'released'
        order by channel <> 'email', message_id limit 1""",
        [night],
    ).fetchall()
    if not rows:
        return "No message was released."
    subject, body, channel, message_id = rows[0]
    heading = f"**{subject}**\n\n" if subject else ""
    return f"{heading}{body}\n\n({channel}, message `{message_id}`)"


@dg.asset(
    key=["rag", "grounding_evaluations"],
    group_name="messages",
    owners=OWNERS,
    deps=[documents],
    kinds={"duckdb", "table"},
    partitions_def=nightly_partitions,
    backfill_policy=BACKFILL_POLICY,
    description=declared_tables()["rag.grounding_evaluations"].description,
)
def grounding_evaluations(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Read the evaluations with a language model that were left in the home; none is no error."""
    night = partition_date(context)
    columns = [column.name for column in declared_tables()["rag.grounding_evaluations"].columns]
    file = warehouse.home.grounding_evaluations_file
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    frame = pd.DataFrame(rows, columns=columns).assign(as_of_date=night)
    with warehouse.connect() as con:
        count = replace_partition(con, "rag.grounding_evaluations", frame, {"as_of_date": night})
    return dg.MaterializeResult(metadata={"dagster/row_count": count})
