"""Everything Dagster loads; helpers that are not Dagster objects live outside."""
