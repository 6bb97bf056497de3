"""Remarks of a night: what a missing file or a shortage switched off, said by the stage that knows."""

from collections.abc import Sequence
from datetime import date

import duckdb
import pandas as pd

from dagster_pipeline.tables import replace_partition


def record_notes(con: duckdb.DuckDBPyConnection, night: date, stage: str, notes: Sequence[str]) -> None:
    """Replace the remarks of one stage and night in ``marts.rpt_night_notes``."""
    frame = pd.DataFrame({"as_of_date": night, "stage": stage, "note": sorted(set(notes))})
    replace_partition(con, "marts.rpt_night_notes", frame, {"as_of_date": night, "stage": stage})
