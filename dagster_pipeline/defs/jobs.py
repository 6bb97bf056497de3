"""The one job: a night, from the bank's folder to the published file; Makefile, CI and schedule launch it."""

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from dagster_pipeline.defs.partitions import nightly_partitions
from dagster_pipeline.home import Home
from dagster_pipeline.settings import SETTINGS


@dg.failure_hook
def record_failed_run(context: dg.HookContext) -> None:
    """Append the failed step to runs.jsonl; the last publication stays as it is."""
    home = Home.from_environment()
    home.root.mkdir(parents=True, exist_ok=True)
    error = context.op_exception
    line = {"run_id": context.run_id, "status": "failed", "step": context.op.name, "error": str(error)[:500]}
    with home.runs_file.open("a") as runs:
        runs.write(json.dumps(line) + "\n")


nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    partitions_def=nightly_partitions,
    executor_def=dg.in_process_executor,
    hooks={record_failed_run},
    description="One night: load, features, learning, decisions, messages, marts, publication.",
)


# 02:15 in the bank's zone: after the day has ended there and before the first send slot.
@dg.schedule(job=nightly, cron_schedule="15 2 * * *", execution_timezone=SETTINGS.bank_timezone)
def nightly_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Run the night of the day that has just ended in the bank's zone."""
    ended = context.scheduled_execution_time.astimezone(ZoneInfo(SETTINGS.bank_timezone)).date() - timedelta(days=1)
    return dg.RunRequest(run_key=ended.isoformat(), partition_key=ended.isoformat())
