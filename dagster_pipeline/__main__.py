"""``python -m dagster_pipeline COMMAND``."""

import os
import sys

from dagster_pipeline.cli import app


def main() -> int:
    """Run one command and return its exit code."""
    try:
        app()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    return 0


# A progress bar's lock dies with the process, which ends below without tidying up; its keeper would say so every time.
os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker:UserWarning")
code = main()
sys.stdout.flush()
sys.stderr.flush()
# DuckDB's bindings print pages about their own reference counts when the interpreter is torn down; every file is
# closed and every stream flushed by now, so the process ends without that.
os._exit(code)
