"""The page of plain facts a run ends with, read from the published file alone.

What belongs here: queries and how their answers are laid out for a terminal.
"""

import json
import textwrap
from datetime import date

import duckdb

from dagster_pipeline.home import Home
from dagster_pipeline.loading.planted import planted_and_caught

QUERIES = (
    (
        "Why did customers get nothing tonight?",
        "select hold_reason, count(*) as customers from marts.fct_offer_decisions "
        "where as_of_date = (select max(as_of_date) from marts.rpt_nightly_run) and outcome = 'hold' "
        "group by all order by customers desc",
    ),
    (
        "Which document backs each claim of a message?",
        "select m.message_id, c.sentence, c.claim_type, c.claim_value, c.doc_id, c.doc_version, c.quote "
        "from marts.fct_messages m join marts.fct_message_citations c using (template_id) "
        "where m.status = 'released' order by m.message_id, c.sentence_number limit 12",
    ),
    (
        "Does readiness go with answering?",
        "select intent_name, count(*) as customers, round(avg(readiness), 3) as readiness, "
        "round(avg(products_held), 2) as products_held from marts.dim_customers group by all order by readiness",
    ),
)


def _rows(con: duckdb.DuckDBPyConnection, query: str, parameters: list | None = None) -> list[tuple]:
    return con.execute(query, parameters or []).fetchall()


def _heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


def _table(rows: list[tuple], headings: tuple[str, ...]) -> None:
    cells = [headings, *[tuple("" if value is None else str(value) for value in row) for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headings))]
    for row in cells:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _print_data(con: duckdb.DuckDBPyConnection, night: date) -> None:
    _heading(f"Night {night}")
    customers, months, first, last = _rows(
        con,
        "select (select count(*) from marts.dim_customers), count(*), min(month_end), max(month_end) "
        "from marts.fct_customer_months",
    )[0]
    print(f"  {customers:,} customers, {months:,} customer-months" + (f" ({first} to {last})" if months else ""))
    read, loaded, rejected = _rows(
        con,
        "select sum(rows_read), sum(rows_loaded), sum(rows_rejected) from raw.loads where loaded_as_of_date = ?",
        [night],
    )[0]
    print(f"  rows read {read or 0:,} = loaded {loaded or 0:,} + rejected {rejected or 0:,}")
    rejects = _rows(
        con, "select rule, count(*) from raw.rejects where loaded_as_of_date = ? group by all order by all", [night]
    )
    if rejects:
        print("  rejects: " + ", ".join(f"{rule} {count:,}" for rule, count in rejects))
    _print_planted(con, night)
    for (note,) in _rows(con, "select unnest(notes) from marts.rpt_nightly_run where as_of_date = ?", [night]):
        print(textwrap.fill(f"note, {note}", 110, initial_indent="  ", subsequent_indent="    "))


def _print_planted(con: duckdb.DuckDBPyConnection, night: date) -> None:
    """Print what a simulated bank's planted defects became; a real bank has none."""
    counts = planted_and_caught(con, night)
    if counts:
        print("  defects planted in tonight's files (late arrivals and corrections count from tonight on):")
        rows = [(*count, f"{100 * count[2] // count[1]} %") for count in counts]
        _table(rows, ("kind", "planted", "caught", "share"))


def _print_learning(con: duckdb.DuckDBPyConnection) -> None:
    _heading("What was learnt (test split; 95 % intervals)")
    ceilings = _rows(
        con,
        "select target, metric, observer, round(value, 4), round(low, 4), round(high, 4) from ml.ceilings "
        "order by target, metric, observer",
    )
    metrics = _rows(
        con,
        """select model_name, metric, 'model', round(value, 4), round(low, 4), round(high, 4) from ml.model_metrics
        where split = 'test' and label = 'all' and metric in
            ('log_loss', 'accuracy', 'top_1_among_openings', 'auc', 'calibration_error')
        order by all""",
    )
    _table([*metrics, *ceilings], ("model or target", "metric", "observer", "value", "low", "high"))
    ablation = _rows(
        con,
        """select feature_set, round(value, 4), round(low, 4), round(high, 4), share_of_ceiling from ml.model_ablation
        where metric = 'log_loss' and as_of_date = (select max(as_of_date) from ml.model_ablation)
        order by value""",
    )
    if ablation:
        losses = ", ".join(f"{name} {value} [{low}, {high}]" for name, value, low, high, _ in ablation)
        print(f"  ablation, next product, log loss: {losses}")
    shares = ", ".join(f"{name} {share:.0%}" for name, *_, share in ablation if share is not None)
    if shares:
        print(f"  of what the files allow (class frequencies 0 %, ideal observer 100 %): {shares}")


def _print_decisions(con: duckdb.DuckDBPyConnection, night: date) -> None:
    _heading("Decisions")
    _table(
        _rows(
            con,
            "select outcome, coalesce(hold_reason, arm), count(*) from marts.fct_offer_decisions "
            "where as_of_date = ? group by all order by 1 desc, 3 desc, 2",
            [night],
        ),
        ("outcome", "arm or reason", "customers"),
    )


def _print_messages(con: duckdb.DuckDBPyConnection, night: date) -> None:
    _heading("Messages")
    _table(
        _rows(
            con,
            "select status, coalesce(withheld_reason, ''), count(*) from marts.fct_messages "
            "where as_of_date = ? group by all order by all",
            [night],
        ),
        ("status", "reason", "messages"),
    )
    writer, reason, written, reused = _rows(
        con,
        "select writer, writer_reason, templates_written, templates_reused from rag.nights where as_of_date = ?",
        [night],
    )[0]
    print(f"  writer: {writer} ({reason}); templates written {written:,}, reused {reused:,}")
    print("  share of fallback copy by product and channel (sends, fallback):")
    _table(
        _rows(
            con,
            """select decisions.product_id, messages.channel, count(*) as sends,
                printf('%.1f %%', 100.0 * count(*) filter (where coalesce(templates.is_fallback, true)) / count(*))
            from marts.fct_messages as messages
            join marts.fct_offer_decisions as decisions using (decision_id)
            left join rag.templates as templates on templates.template_id = messages.template_id
            where messages.as_of_date = ? group by all order by all""",
            [night],
        ),
        ("product", "channel", "sends", "fallback or none"),
    )


def _print_sample(con: duckdb.DuckDBPyConnection, night: date) -> None:
    rows = _rows(
        con,
        """select messages.message_id, messages.channel, messages.subject, messages.body, messages.template_id,
            decisions.reason_codes
        from marts.fct_messages as messages join marts.fct_offer_decisions as decisions using (decision_id)
        where messages.as_of_date = ? and messages.status = 'released'
        order by messages.channel <> 'email', messages.message_id limit 1""",
        [night],
    )
    if not rows:
        return
    message_id, channel, subject, body, template_id, reasons = rows[0]
    _heading(f"One message ({channel}, {message_id})")
    print(textwrap.indent((f"Subject: {subject}\n\n" if subject else "") + body, "  | "))
    print("  because: " + ", ".join(reasons))
    citations = _rows(
        con,
        """select claim_type, claim_value, doc_id, doc_version, quote from marts.fct_message_citations as citations
        join rag.documents as documents using (doc_id, doc_version)
        where template_id = ? and claim_type <> 'verbatim' and documents.kind <> 'disclosure'
        order by sentence_number, claim_number""",
        [template_id],
    )
    for claim_type, value, doc_id, version, quote in citations:
        line = f"{claim_type} {value} <- {doc_id} {version}: {json.dumps(quote, ensure_ascii=False)}"
        print(textwrap.fill(line, 110, initial_indent="  ", subsequent_indent="    "))


def print_night(home: Home, night: date) -> None:
    """Print decisions and messages of one published night."""
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        _print_data(con, night)
        _print_decisions(con, night)
        _print_messages(con, night)


def print_report(home: Home) -> None:
    """Print the page of plain facts about the newest published night."""
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        night = _rows(con, "select max(as_of_date) from marts.rpt_nightly_run")[0][0]
        _print_data(con, night)
        _print_learning(con)
        _print_decisions(con, night)
        _print_messages(con, night)
        _print_sample(con, night)
    _heading("Where it is")
    print(f"  {home.published_file}")
    print('  Try, with make sql Q="...":')
    for question, query in QUERIES:
        print(f"  -- {question}")
        print(textwrap.fill(query, 110, initial_indent="  ", subsequent_indent="    "))
