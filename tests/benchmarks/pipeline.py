"""``make bench``: how long the whole line takes on one world, step by step, and how much memory.

Absolute figures hold for the machine they were measured on; its load is told beside them.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import duckdb

from dagster_pipeline.home import Home
from dagster_pipeline.loading.load import default_as_of_date
from dagster_pipeline.nightly import run_night, simulate_world


def process_tree_rss_bytes(root_pid: int) -> int:
    """Return the resident memory of a process and its children, from ``ps``."""
    lines = subprocess.run(["ps", "-eo", "pid,ppid,rss"], capture_output=True, text=True, check=True).stdout
    rows = [tuple(int(cell) for cell in line.split()) for line in lines.splitlines()[1:]]
    tree = {root_pid}
    for _ in range(6):
        tree |= {pid for pid, parent, _ in rows if parent in tree}
    return sum(rss * 1024 for pid, _, rss in rows if pid in tree)


class MemoryWatch(threading.Thread):
    """Sample the process tree twice a second and keep the peak."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_bytes = 0

    def run(self) -> None:
        while True:
            self.peak_bytes = max(self.peak_bytes, process_tree_rss_bytes(os.getpid()))
            time.sleep(0.5)


def _calls(home: Home) -> int:
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        return con.execute("select sum(language_model_calls) from marts.rpt_nightly_run").fetchall()[0][0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--world", default="default")
    preset = parser.parse_args().world
    folder = Path(tempfile.mkdtemp(prefix="wordbond_bench_"))
    watch = MemoryWatch()
    watch.start()
    try:
        print(f"load before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores", file=sys.stderr)
        started = time.monotonic()
        simulate_world(folder / "world", preset)
        simulated = time.monotonic()
        home = Home(folder / "home")
        home.remember_source(folder / "world")
        run_night(home, default_as_of_date(folder / "world"))
        finished = time.monotonic()
        print(f"world {preset}: simulated in {simulated - started:.0f} s, night in {finished - simulated:.0f} s")
        print(f"whole pipeline: {finished - started:.0f} s (aim: at most 600 s at 35,000 customers)")
        print(f"peak memory of the process tree: {watch.peak_bytes / 2**30:.2f} GiB (aim: at most 6 GiB)")
        print(f"peak of this process alone: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")
        print(f"calls to the writer: {_calls(home)} (aim: at 350,000 customers at most 1.2 times those at 35,000)")
        print(f"published file: {home.published_file.stat().st_size / 1e6:.0f} MB")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
