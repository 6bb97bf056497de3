"""``python -m ml.simulator OUT --preset tiny --seed 7`` writes a world without documents."""

import argparse
from pathlib import Path

from ml.simulator.config import PRESET_CUSTOMERS, preset_config
from ml.simulator.world import write_world


def main() -> None:
    """Write one world and print what it holds."""
    parser = argparse.ArgumentParser(prog="python -m ml.simulator", description="Write a simulated bank as files.")
    parser.add_argument("out", type=Path, help="empty or missing folder")
    parser.add_argument("--preset", choices=sorted(PRESET_CUSTOMERS), default="tiny")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    report = write_world(arguments.out, preset_config(arguments.preset, arguments.seed), progress=print)
    for name, rows in report.rows.items():
        print(f"{name}: {rows:,} rows")
    print("planted defects: " + ", ".join(f"{kind} {count:,}" for kind, count in report.defects.items()))


if __name__ == "__main__":
    main()
