"""The one partition of every asset: a night, named by its as_of_date, in the bank's zone."""

import dagster as dg

from dagster_pipeline.settings import SETTINGS

FIRST_NIGHT = "1990-01-01"

# end_offset=1 lets a person run the current day's night before midnight; the schedule never does.
nightly_partitions = dg.DailyPartitionsDefinition(start_date=FIRST_NIGHT, timezone=SETTINGS.bank_timezone, end_offset=1)
