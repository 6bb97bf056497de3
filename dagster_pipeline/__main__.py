"""``python -m dagster_pipeline COMMAND``."""

from dagster_pipeline.cli import app

app()
