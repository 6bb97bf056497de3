"""``make bench``, messages: calls to the writer, and rendering at 35,000 and 1,000,000 sends.

Measured here: the writer's calls for Harbor Bank's catalogue on a first and on a second night, and the release of
made-up decisions spread evenly over all briefs, in batches as the night does it. A brief has no customer in it, and
the worlds of 35,000 and 350,000 customers share one product file; the calls of real nights are told by the benchmark
of the whole line (`WORLD=tiny`, `default`, `large`). Absolute figures hold for the machine they were measured on.
"""

import argparse
import os
import resource
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock

import numpy as np
import pandas as pd

from rag.prompts import PROMPT_VERSION
from rag.release import RELEASE_BATCH_SIZE, ReleaseInputs, render_messages
from rag.template_types import Night, TemplateBatch
from rag.templates import write_templates
from rag.writers.embedded import EmbeddedWriter
from tests.unit import rag_bank

NIGHT = date(2025, 12, 31)


def written(known: TemplateBatch | None = None, night: date = NIGHT) -> TemplateBatch:
    """Write every brief of the catalogue with the embedded writer."""
    return write_templates(
        list(rag_bank.briefs()),
        lambda brief, day: list(rag_bank.retrieved(brief, day)),
        EmbeddedWriter(),
        Night(
            as_of_date=night,
            send_date=night + timedelta(days=1),
            documents=rag_bank.corpus(),
            products=tuple({str(k): v for k, v in row.items()} for row in rag_bank.catalogue().to_dict("records")),
            prompt_version=PROMPT_VERSION,
            known_templates=known.templates if known else (),
        ),
    )


def decisions(count: int, seed: int = 7) -> pd.DataFrame:
    """Made-up sends, spread evenly over all briefs, between 10:00 and 16:00 in New York."""
    rng = np.random.default_rng(seed)
    briefs = rag_bank.briefs()
    picked = rng.integers(0, len(briefs), count)
    start = datetime(2026, 1, 1, 15, 0, tzinfo=UTC)
    frame = pd.DataFrame(
        {
            name: np.array([getattr(brief, name) for brief in briefs], dtype=object)[picked]
            for name in ("product_id", "product_version", "channel", "intent", "intensity")
        }
    )
    frame["customer_id"] = [f"C{number:07d}" for number in range(count)]
    frame["decision_id"] = frame["customer_id"]
    frame["send_at"] = [start + timedelta(minutes=int(minute)) for minute in rng.integers(0, 360, count)]
    frame["timezone"] = "America/New_York"
    return frame


def batches(count: int, batch: TemplateBatch) -> Iterator[ReleaseInputs]:
    """Lay out what release takes, a batch of sends at a time."""
    products = rag_bank.catalogue().assign(
        valid_from=date(2025, 7, 1),
        valid_to_inclusive=date(2026, 12, 31),
    )
    briefs = pd.DataFrame([vars(brief) for brief in rag_bank.briefs()])
    served = pd.DataFrame([vars(row) for row in batch.brief_templates])
    for start in range(0, count, RELEASE_BATCH_SIZE):
        sends = decisions(min(RELEASE_BATCH_SIZE, count - start), seed=start)
        person = {
            "first_name": "Ana",
            "state": "US-NY",
            "held_product_ids": [],
            "zones": ["America/New_York"],
            "is_zone_known": True,
            "opens_at": clock(8),
            "closes_at": clock(20),
        }
        customers = pd.DataFrame([{"customer_id": name, **person} for name in sends["customer_id"]], dtype=object)
        yield ReleaseInputs(
            decisions=sends,
            briefs=briefs,
            brief_templates=served,
            templates=batch.in_use,
            statuses=batch.statuses,
            customers=customers,
            products=products,
            consents=sends[["customer_id", "channel"]].assign(status="granted", evidence_text="I agree."),
            suppressions=pd.DataFrame(columns=["customer_id", "channel", "reason"], dtype=object),
            as_of_date=NIGHT,
        )


def peak_rss_gib() -> float:
    """Peak resident memory of this process so far (Linux: ru_maxrss is in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def render(count: int, batch: TemplateBatch) -> None:
    """Render and drop the messages of some sends; print time and memory."""
    before, busy, cpu, released = peak_rss_gib(), 0.0, 0.0, 0
    for inputs in batches(count, batch):
        begun, begun_cpu = time.monotonic(), time.process_time()
        messages, _ = render_messages(inputs)
        busy, cpu = busy + time.monotonic() - begun, cpu + time.process_time() - begun_cpu
        released += int((messages["status"] == "released").sum())
    print(
        f"{count:,} messages rendered and checked in {busy:.1f} s ({cpu:.1f} s of one core), {released:,} released; "
        f"peak memory {peak_rss_gib():.2f} GiB ({before:.2f} GiB before)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    most = parser.parse_args().messages
    print(f"load before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    started = time.monotonic()
    batch = written()
    print(
        f"first night: {batch.calls} calls for {len(batch.brief_templates)} briefs, {time.monotonic() - started:.1f} s"
    )
    second = written(batch, NIGHT + timedelta(days=1))
    print(f"second night, unchanged inputs: {second.calls} calls (aim: 0)")
    for count in (35_000, most):
        render(count, batch)


if __name__ == "__main__":
    main()
