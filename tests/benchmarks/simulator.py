"""``make bench``: what the simulator costs: seconds, rows per second and core, and peak memory of its presets.

Each world is written by a process of its own, so that its memory is its own; absolute figures hold for the machine
they were measured on, and its load is told beside them. CPU seconds hardly depend on what else runs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PRESETS = ("default", "large")
# Aims: the default world in 60 s on two cores, the large one in at most eleven times that, within 4 GiB.
AIM_DEFAULT_S, AIM_FACTOR, AIM_GIB = 60, 11, 4


@dataclass(frozen=True)
class Cost:
    """What writing one world took."""

    rows: int
    wall_s: float
    cpu_s: float
    peak_gib: float

    def line(self, preset: str) -> str:
        """Return the cost as a line of text."""
        return (
            f"world {preset}: {self.rows:,} rows in {self.wall_s:.0f} s ({self.cpu_s:.0f} s of CPU), "
            f"{self.rows / self.cpu_s:,.0f} rows per second and core, peak memory {self.peak_gib:.2f} GiB"
        )


def measure(preset: str) -> Cost:
    """Write one world in a child process and return its cost."""
    with tempfile.TemporaryDirectory(prefix="wordbond_bench_") as scratch:
        command = [sys.executable, "-m", "ml.simulator", str(Path(scratch) / "world"), "--preset", preset]
        log = Path(scratch) / "log.txt"
        started = time.monotonic()
        with log.open("w") as output:
            child = subprocess.Popen(command, stdout=output)
            _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.monotonic() - started
        if status:
            raise RuntimeError(f"The simulator ended with status {status}; see its own message above.")
        counts = [line.split(": ")[1] for line in log.read_text().splitlines() if line.endswith(" rows")]
        rows = sum(int(count.removesuffix(" rows").replace(",", "")) for count in counts)
    return Cost(rows, wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presets", nargs="+", default=PRESETS, help="worlds to write")
    costs = {}
    for preset in parser.parse_args().presets:
        print(f"load before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores", file=sys.stderr)
        costs[preset] = measure(preset)
        print(costs[preset].line(preset), flush=True)
    print(f"aims: default {AIM_DEFAULT_S} s; large {AIM_FACTOR} times the default within {AIM_GIB} GiB")
    if {"default", "large"} <= costs.keys():
        print(f"large took {costs['large'].cpu_s / costs['default'].cpu_s:.1f} times the CPU of default")


if __name__ == "__main__":
    main()
