"""Checks that gate the publication and are not dbt tests: identities over tables that Python writes.

A blocking check that fails stops the night before ``publish``; the last publication stays.
"""

import dagster as dg

from dagster_pipeline.defs.resources import Warehouse
from dagster_pipeline.loading.planted import planted_and_caught
from ml.leaks import EXCESS


def _count(warehouse: Warehouse, query: str) -> int:
    with warehouse.connect() as con:
        return int(con.execute(query).fetchall()[0][0])


@dg.asset_check(asset=dg.AssetKey(["raw", "loads"]), blocking=True)
def every_row_is_accounted_for(warehouse: Warehouse) -> dg.AssetCheckResult:
    """For every file and night, rows read = rows loaded + rows rejected."""
    broken = _count(warehouse, "select count(*) from raw.loads where rows_read <> rows_loaded + rows_rejected")
    return dg.AssetCheckResult(passed=broken == 0, metadata={"files_that_do_not_add_up": broken})


@dg.asset_check(asset=dg.AssetKey(["truth", "planted_defects"]))
def planted_defects_are_caught(warehouse: Warehouse) -> dg.AssetCheckResult:
    """In a simulated bank, every planted defect is rejected under its own name, or known from its own night on."""
    with warehouse.connect() as con:
        counts = planted_and_caught(con)
    planted, caught = (sum(int(count[place]) for count in counts) for place in (1, 2))
    return dg.AssetCheckResult(passed=planted == caught, metadata={"planted": planted, "missed": planted - caught})


@dg.asset_check(asset=dg.AssetKey(["ml", "model_metrics"]))
def no_model_beats_the_ideal_observer(warehouse: Warehouse) -> dg.AssetCheckResult:
    """In a simulated bank, no model's test log loss lies below the ideal observer's with all of its interval."""
    with warehouse.connect() as con:
        rows = con.execute(
            "select model_name, model_version, value, low, high from ml.model_metrics where metric = ? order by all",
            [EXCESS],
        ).fetchall()
    suspected = [f"{name} {version}" for name, version, _, _, high in rows if high < 0]
    return dg.AssetCheckResult(
        passed=not suspected,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"models_compared": len(rows), "suspected_leaks": suspected},
    )


@dg.asset_check(asset=dg.AssetKey(["ml", "predictions"]), blocking=True)
def probabilities_add_up(warehouse: Warehouse) -> dg.AssetCheckResult:
    """Every customer's probabilities of one target sum to 1 within rounding."""
    broken = _count(
        warehouse,
        """select count(*) from (
            select customer_id, as_of_date, target, sum(cast(probability as decimal(18, 9))) as total
            from ml.predictions group by all having abs(total - 1) > 0.000001
        )""",
    )
    return dg.AssetCheckResult(passed=broken == 0, metadata={"distributions_off": broken})


@dg.asset_check(asset=dg.AssetKey(["rag", "messages"]), blocking=True)
def every_send_has_one_message(warehouse: Warehouse) -> dg.AssetCheckResult:
    """Sends and messages match one to one, released or withheld."""
    broken = _count(
        warehouse,
        """select count(*) from (
            select decision_id from marts.fct_offer_decisions where outcome = 'send'
        ) as sends full join rag.messages as messages using (decision_id)
        where sends.decision_id is null or messages.message_id is null""",
    )
    return dg.AssetCheckResult(passed=broken == 0, metadata={"sends_without_one_message": broken})
