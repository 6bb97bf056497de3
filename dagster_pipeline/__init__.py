"""The pipeline: Dagster assets that run the line from the bank's folder to the published warehouse."""
