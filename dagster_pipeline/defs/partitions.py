"""The one partition of every asset: a night, named by its as_of_date."""

import dagster as dg

FIRST_NIGHT = "1990-01-01"

# end_offset=1 lets the night of the current day run before midnight.
nightly_partitions = dg.DailyPartitionsDefinition(start_date=FIRST_NIGHT, end_offset=1)
