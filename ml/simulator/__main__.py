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
    parser.add_argument("--clean", action="store_true", help="plant no dirt, in the history or on nights")
    arguments = parser.parse_args()
    config = preset_config(arguments.preset, arguments.seed)
    if arguments.clean:
        config = config.model_copy(update={"dirt_share": 0.0})
    report = write_world(arguments.out, config, progress=print)
    for name, rows in report.rows.items():
        print(f"{name}: {rows:,} rows")
    planted = ", ".join(f"{kind} {count:,}" for kind, count in report.defects.items())
    print(f"planted defects: {planted or 'none'}")


if __name__ == "__main__":
    main()
