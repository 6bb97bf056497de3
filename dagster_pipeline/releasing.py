"""Release as the night does it: what is known of a batch of sends at a time, rendered, checked and written.

What belongs here: the queries behind ``rag.release`` and the loop over batches, so that memory is bounded by a batch
and not by the night. Whether a message goes out is decided in ``rag/``.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd

from dagster_pipeline.messaging import products_as_known
from dagster_pipeline.settings import SETTINGS
from dagster_pipeline.tables import append_rows
from rag.release import RELEASE_BATCH_SIZE, ReleaseInputs, render_messages
from rag.template_types import Template


def release_night(
    con: duckdb.DuckDBPyConnection, night: date, statuses: dict[str, str], templates: tuple[Template, ...]
) -> int:
    """Render and check every send of a night and put the messages and checks in place of the night's, at once.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Connection to the working file, outside a transaction.
    night : date
    statuses : dict of template_id to status
        Approval status on this night.
    templates : tuple of Template
        Every template known on this night.

    Returns
    -------
    int
        Messages written.
    """
    count = 0
    con.execute("begin transaction")
    try:
        con.execute(
            "delete from rag.message_checks where message_id in "
            "(select message_id from rag.messages where as_of_date = ?)",
            [night],
        )
        con.execute("delete from rag.messages where as_of_date = ?", [night])
        for inputs in release_batches(con, night, statuses, templates):
            messages, checks = render_messages(inputs)
            count += append_rows(con, "rag.messages", messages)
            append_rows(con, "rag.message_checks", checks)
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    return count


def release_batches(
    con: duckdb.DuckDBPyConnection,
    night: date,
    statuses: dict[str, str],
    templates: tuple[Template, ...],
    size: int = RELEASE_BATCH_SIZE,
) -> Iterator[ReleaseInputs]:
    """Yield what ``rag.release.render_messages`` needs to know, as known tonight, for ``size`` sends at a time."""
    used = _frame(
        con, "select brief_id, template_id, abstain_reason from rag.brief_templates where as_of_date = ?", [night]
    )
    names = set(used["template_id"].dropna())
    in_use = {template.template_id: template for template in templates if template.template_id in names}
    briefs, products = _frame(con, "select * from rag.briefs"), products_as_known(con)
    last_id = ""
    while True:
        decisions = _decisions(con, night, last_id, size)
        if decisions.empty:
            return
        last_id = decisions["decision_id"].iloc[-1]
        con.register("release_batch", decisions[["customer_id"]])
        customers, consents, suppressions = _customers(con, night), _consents(con, night), _suppressions(con)
        con.unregister("release_batch")
        yield ReleaseInputs(
            decisions=decisions,
            briefs=briefs,
            brief_templates=used,
            templates=in_use,
            statuses=statuses,
            customers=customers,
            products=products,
            consents=consents,
            suppressions=suppressions,
            as_of_date=night,
        )


def _decisions(con: duckdb.DuckDBPyConnection, night: date, after_id: str, size: int) -> pd.DataFrame:
    return _frame(
        con,
        """select decision_id, customer_id, product_id, product_version, channel, intent, intensity, send_at, timezone
        from marts.fct_offer_decisions where as_of_date = ? and outcome = 'send' and decision_id > ?
        order by decision_id limit ?""",
        [night, after_id, size],
    )


def _customers(con: duckdb.DuckDBPyConnection, night: date) -> pd.DataFrame:
    return _frame(
        con,
        """select customers.customer_id, names.first_name, customers.state, customers.held_product_ids,
            zones.candidate_zones as zones, zones.is_zone_known,
            coalesce(own.opens_at, everybody.opens_at) as opens_at,
            coalesce(own.closes_at, everybody.closes_at) as closes_at
        from intermediate.int_offers__customers as customers
        inner join intermediate.int_customers__as_known as names using (customer_id)
        inner join intermediate.int_offers__time_zones as zones using (zone_key)
        left join (select * from seeds.policy_quiet_hours where state <> 'all') as own
            on own.state = customers.state and $day between own.effective_from and coalesce(own.effective_to, $day)
        left join (select * from seeds.policy_quiet_hours where state = 'all') as everybody
            on $day between everybody.effective_from and coalesce(everybody.effective_to, $day)
        where customers.customer_id in (select customer_id from release_batch)""",
        {"day": night + timedelta(days=1)},
    )


def _consents(con: duckdb.DuckDBPyConnection, night: date) -> pd.DataFrame:
    day_end = datetime.combine(night + timedelta(days=1), time(), ZoneInfo(SETTINGS.bank_timezone))
    return _frame(
        con,
        """select customer_id, channel, status, evidence_text from intermediate.int_consents__as_known
        where purpose = 'marketing' and valid_from < ? and customer_id in (select customer_id from release_batch)
        qualify row_number() over (partition by customer_id, channel order by valid_from desc) = 1""",
        [day_end],
    )


def _suppressions(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return _frame(
        con,
        """select distinct customer_id, channel, drop_reason as reason from intermediate.int_offers__restrictions
        where scope in ('all_offers', 'channel') and customer_id in (select customer_id from release_batch)""",
    )


def _frame(con: duckdb.DuckDBPyConnection, query: str, parameters: list | dict | None = None) -> pd.DataFrame:
    """Return a query's rows as a frame of plain Python objects: dates stay dates, nulls stay None."""
    cursor = con.execute(query, parameters or [])
    names = [column[0] for column in cursor.description]
    return pd.DataFrame(cursor.fetchall(), columns=names, dtype=object)
