"""Running the one job from the command line: prepare the home, run the night, keep its log.

What belongs here: everything between a command's arguments and Dagster. The same job runs from the UI
and the schedule.
"""

import contextlib
import logging
import os
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_pipeline.home import Home

DAGSTER_CONFIG = """\
# Written by Wordbond: nothing leaves the machine, and one run at a time (the warehouse has one writer).
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
"""


class NightFailed(RuntimeError):
    """A night did not reach its publication; the message is what a person needs to mend it."""


def dagster_home(home: Home) -> Path:
    """Return the folder of Dagster's own records for this home, written if missing."""
    folder = home.root / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "dagster.yaml"
    if not config.exists() or config.read_text() != DAGSTER_CONFIG:
        config.write_text(DAGSTER_CONFIG)
    return folder


def bind_environment(home: Home) -> None:
    """Point the environment of this process and its children at ``home``."""
    os.environ["WORDBOND_HOME"] = str(home.root)
    os.environ["WORDBOND_WORKING_FILE"] = str(home.working_file)
    os.environ["DAGSTER_HOME"] = str(dagster_home(home))


def simulate_world(folder: Path, preset: str) -> None:
    """Write the simulated bank with its documents into ``folder``; an earlier half-written one is replaced."""
    from ml.simulator.config import preset_config
    from ml.simulator.world import write_world
    from rag.documents import DOCUMENTS_DIR

    building = folder.with_name(folder.name + ".building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    write_world(building, preset_config(preset))
    shutil.copytree(DOCUMENTS_DIR, building / "documents")
    building.rename(folder)


def run_night(home: Home, night: date) -> str:
    """Run the job ``nightly`` for one night in this process.

    Returns
    -------
    str
        The Dagster run id.

    Raises
    ------
    NightFailed
        If a step failed; the last publication stays as it was.
    """
    bind_environment(home)
    from dagster_pipeline.definitions import defs

    job = defs().resolve_job_def("nightly")
    # A library that configures the root logger would print every log line of every step a second time.
    logging.getLogger("dagster.builtin").propagate = False
    log_file = home.root / "logs" / f"{night.isoformat()}.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with (
        dg.DagsterInstance.get() as instance,
        log_file.open("w") as log,
        contextlib.redirect_stdout(log),
    ):
        result = job.execute_in_process(
            partition_key=night.isoformat(),
            instance=instance,
            run_config={"loggers": {"progress": {}}},
            raise_on_error=False,
        )
    if not result.success:
        raise NightFailed(_failure_message(result, log_file))
    return result.run_id


def _failure_message(result: dg.ExecuteInProcessResult, log_file: Path) -> str:
    failures = [event for event in result.all_events if event.event_type_value == "STEP_FAILURE"]
    lines = []
    for event in failures:
        error = event.step_failure_data.error
        if error is not None and error.cause is not None:  # Dagster's own error wraps the step's
            error = error.cause
        lines.append(f"{event.step_key}: {_plain(error)}")
    failed_checks = [
        f"check {evaluation.check_name} of {evaluation.asset_key.to_user_string()} did not pass"
        for evaluation in result.get_asset_check_evaluations()
        if not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR
    ]
    reasons = "\n".join([*lines, *failed_checks])
    return f"The night stopped; the last publication stays as it was.\n{reasons}\nLog: {log_file}"


def _plain(error: Any) -> str:
    """Return an error's own words, without the name of its class."""
    if error is None:
        return "unknown error"
    head, _, words = error.message.strip().partition(": ")
    return words if error.cls_name and head.endswith(error.cls_name) else error.message.strip()


def say(text: str) -> None:
    """Print progress where it is seen while standard output is the answer."""
    print(text, file=sys.stderr, flush=True)
