"""What a person sees while a night runs: one line when a step starts, one when it ends."""

import logging
import sys
import time

import dagster as dg


class ProgressHandler(logging.Handler):
    """Turn Dagster's step events into plain lines on the terminal.

    It writes to ``sys.__stderr__``, so that it is seen while standard output goes to the night's log file.
    """

    def __init__(self) -> None:
        super().__init__(level=logging.DEBUG)
        self._started: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Print the start, end or failure of a step; ignore every other record."""
        event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if event is None or event.step_key is None or "asset_check" in event.step_key:
            return
        name = event.step_key
        if event.event_type_value == "STEP_START":
            self._started[name] = time.monotonic()
            print(f"  {name} ...", file=sys.__stderr__, flush=True)
        elif event.event_type_value in ("STEP_SUCCESS", "STEP_FAILURE"):
            duration_s = time.monotonic() - self._started.pop(name, time.monotonic())
            outcome = "done" if event.event_type_value == "STEP_SUCCESS" else "FAILED"
            print(f"  {name} {outcome} in {duration_s:.1f} s", file=sys.__stderr__, flush=True)


@dg.logger(config_schema={}, description="One line per step, for the command line.")
def progress_logger(init_context: dg.InitLoggerContext) -> logging.Logger:
    """Return a logger that prints steps only."""
    logger = logging.Logger("wordbond.progress", level=logging.DEBUG)
    logger.addHandler(ProgressHandler())
    return logger
