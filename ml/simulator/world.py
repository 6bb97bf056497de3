"""Writing a world: the history as a folder in the input contract, and the nights after it.

What belongs here: which file holds which rows. Chunks of customers are drawn and written in turn, so memory does not
grow with the world.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from pydantic import ValidationError

from ml.simulator.attribution import contacts_of
from ml.simulator.calendar import Month, bank_day_end, day_number
from ml.simulator.catalogue import PRODUCTS_FILE
from ml.simulator.ceilings import CeilingCollector
from ml.simulator.config import WorldConfig
from ml.simulator.dirt import DirtWriter, plant_defects
from ml.simulator.draws import IntArray
from ml.simulator.history import MonthDraws, simulate
from ml.simulator.late import LAST_LAG_DAYS, plant_later_rows
from ml.simulator.observer.watch import watch
from ml.simulator.population import Customers, draw_customers
from ml.simulator.records import (
    bank_days,
    consents_table,
    contacts_table,
    customers_table,
    events_table,
    holdings_table,
    transactions_table,
)
from ml.simulator.truth import response_probabilities_table, truth_tables

Progress = Callable[[str], None]


@dataclass(frozen=True)
class WorldReport:
    """What was written.

    Attributes
    ----------
    folder : Path
    rows : dict of str to int
        Rows by file of the contract, planted defects included.
    defects : dict of str to int
        Planted defects by kind.
    """

    folder: Path
    rows: dict[str, int] = field(default_factory=dict)
    defects: dict[str, int] = field(default_factory=dict)


def history_end(world: dict) -> date:
    """Return the last day of a world's history.

    Parameters
    ----------
    world : dict
        Content of ``truth/world.json``.
    """
    return read_config(world).history_end


class WorldVersionError(ValueError):
    """A world was written by a simulator with other parameters than this one's."""


def read_config(world: dict) -> WorldConfig:
    """Return the configuration that a world was written with.

    Raises
    ------
    WorldVersionError
        If this version of the simulator cannot go on with it.
    """
    try:
        return WorldConfig.model_validate(world["config"])
    except ValidationError as error:
        names = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors()[:3])
        raise WorldVersionError(
            f"truth/world.json was written by another version of the simulator: found parameters it does not know or "
            f"misses ({names}). Its nights can't go on; simulate the bank anew: remove the world's folder and its home."
        ) from error


def write_world(folder: Path, config: WorldConfig, progress: Progress | None = None) -> WorldReport:
    """Write a simulated bank's history in the input contract, with its truth beside it.

    Parameters
    ----------
    folder : Path
        Empty or missing; documents are the caller's.
    config : WorldConfig
    progress : callable, optional
        Told one line per chunk.

    Returns
    -------
    WorldReport

    Raises
    ------
    FileExistsError
        If the folder holds a world already.
    """
    if (folder / "truth").exists():
        raise FileExistsError(f"{folder} holds a world already; choose an empty folder, or remove it first.")
    (folder / "truth").mkdir(parents=True)
    writer = _WorldWriter(folder, config)
    for part, numbers in enumerate(_chunks(config)):
        customers = draw_customers(config, numbers)
        months = list(simulate(config, customers, Month.of(config.history_end)))
        writer.write_chunk(part, customers, months)
        if progress is not None:
            progress(f"{numbers[-1]:,} of {config.customers:,} customers")
    writer.close()
    shutil.copyfile(PRODUCTS_FILE, folder / "products.csv")
    writer.rows["products"] = len(PRODUCTS_FILE.read_text(encoding="utf-8").splitlines()) - 1
    _write_world_files(folder, config)
    return WorldReport(folder, writer.rows, writer.dirt.counts())


def _chunks(config: WorldConfig) -> Iterator[IntArray]:
    for first in range(1, config.customers + 1, config.chunk_customers):
        yield np.arange(first, min(first + config.chunk_customers, config.customers + 1), dtype=np.int64)


class _WorldWriter:
    """Open files of a world that is being written, one part per chunk where the contract admits parts."""

    def __init__(self, folder: Path, config: WorldConfig) -> None:
        self.folder, self.config = folder, config
        self.rows: dict[str, int] = {}
        self.dirt = DirtWriter(folder)
        self._csv: dict[str, pa_csv.CSVWriter] = {}
        self._parquet: dict[str, pq.ParquetWriter] = {}
        self._ceilings = CeilingCollector(config)

    def write_chunk(self, part: int, customers: Customers, months: list[MonthDraws]) -> None:
        """Write all rows of a chunk."""
        config, last_day = self.config, day_number(self.config.history_end)

        def keep(days: IntArray) -> np.ndarray:
            return days <= last_day

        self._append_csv("customers", customers_table(customers))
        self._append_csv("consents", consents_table(customers, months, keep, with_first=True))
        self._append_csv("holdings", holdings_table(customers, months, keep, with_first=True))
        self._write_part("transactions", part, transactions_table(config, customers, months, keep))
        self._write_part("events", part, events_table(config, customers, months, keep))
        contacts = contacts_of(months)
        known_until = bank_day_end(config.history_end)
        self._write_part("contacts", part, contacts_table(customers, contacts, known_until, None))
        for name, table in truth_tables(customers, months).items():
            self._append_parquet(name, table)
        sample = response_probabilities_table(config, customers, months[-1], config.history_end)
        self._append_parquet("response_probabilities", sample)
        watched = watch(config, customers, months, contacts)
        self._append_parquet("intent_posteriors", watched.table())
        self._ceilings.add(months, customers, contacts, watched)

    def _append_csv(self, name: str, table: pa.Table) -> None:
        if name not in self._csv:
            self._csv[name] = pa_csv.CSVWriter(self.folder / f"{name}.csv", table.schema)
        self._csv[name].write_table(table)
        self.rows[name] = self.rows.get(name, 0) + table.num_rows

    def _append_parquet(self, name: str, table: pa.Table) -> None:
        if name not in self._parquet:
            self._parquet[name] = pq.ParquetWriter(self.folder / "truth" / f"{name}.parquet", table.schema)
        self._parquet[name].write_table(table)

    def _write_part(self, name: str, part: int, table: pa.Table) -> None:
        (self.folder / name).mkdir(exist_ok=True)
        pq.write_table(table, self.folder / name / f"part-{part:03d}.parquet", compression="zstd")
        self.rows[name] = self.rows.get(name, 0) + table.num_rows
        defects = plant_defects(self.config.seed, self.config.dirt_share, name, table)
        self.dirt.write(name, table.column_names, defects)
        self.rows[name] += len(defects)

    def close(self) -> None:
        """Close all files; write the ceilings and the list of defects."""
        pq.write_table(self._ceilings.table(), self.folder / "truth" / "ceilings.parquet")
        pq.write_table(self._ceilings.losses(), self.folder / "truth" / "observer_losses.parquet")
        for writer in (*self._csv.values(), *self._parquet.values()):
            writer.close()
        self.dirt.write_list()


def _write_world_files(folder: Path, config: WorldConfig) -> None:
    """Write truth/world.json, from which nights are drawn, and truth/world.parquet, which is loaded."""
    content = config.model_dump(mode="json")
    world = {"seed": config.seed, "customers": config.customers, "config": content}
    (folder / "truth" / "world.json").write_text(json.dumps(world, indent=1) + "\n", encoding="utf-8")
    table = pa.table(
        {
            "world_seed": pa.array([config.seed], pa.int64()),
            "customers": pa.array([config.customers], pa.int32()),
            "parameters": pa.array([json.dumps(content["parameters"])]),
        }
    )
    pq.write_table(table, folder / "truth" / "world.parquet")


def write_night(folder: Path, as_of_date: date) -> WorldReport:
    """Write one day after the history as ``folder/nights/<as_of_date>/``, from ``folder/truth/world.json``.

    The day's new transactions, events, openings, closings and changes of consent, contacts sent, and contacts whose
    response became known that day, whole rows under their old keys; with dirt, spoiled copies of the day's
    transactions and events, and late arrivals and corrections of the days before. Nothing of it depends on which
    nights were written before.

    The seam for a world that answers our own messages: here, before the rows are made, it will read what was sent
    from the *published* file of the night before (never the working file) and draw answers with the same response
    model and streams of their own; until then the world goes on as if Wordbond sent nothing.

    Parameters
    ----------
    folder : Path
        Written by ``write_world``.
    as_of_date : date
        After the history's end.

    Returns
    -------
    WorldReport

    Raises
    ------
    ValueError
        If the day lies in the history.
    """
    config = read_config(json.loads((folder / "truth" / "world.json").read_text(encoding="utf-8")))
    if as_of_date <= config.history_end:
        raise ValueError(f"{as_of_date} lies in the history, which ends on {config.history_end}; choose a later day.")
    night_folder = folder / "nights" / as_of_date.isoformat()
    building = folder / f".{as_of_date.isoformat()}.building"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    dirt = DirtWriter(building, f"nights/{as_of_date}/")
    tables, earlier = _night_tables(config, as_of_date)
    for name, table in tables.items():
        if name in ("consents", "holdings"):
            pa_csv.write_csv(table, building / f"{name}.csv")
            continue
        path = building / (f"{name}.parquet" if name.startswith("truth/") else f"{name}/part-000.parquet")
        path.parent.mkdir(exist_ok=True)
        pq.write_table(table, path, compression="zstd")
        if name in earlier:
            _plant_tonight(config, dirt, name, table, earlier[name], day_number(as_of_date))
    if dirt.counts():
        dirt.write_list()
    night_folder.parent.mkdir(exist_ok=True)
    building.rename(night_folder)
    rows = {name: table.num_rows + dirt.rows(name) for name, table in tables.items()}
    return WorldReport(night_folder, rows, dirt.counts())


def _plant_tonight(
    config: WorldConfig, dirt: DirtWriter, name: str, table: pa.Table, earlier: pa.Table, tonight: int
) -> None:
    """Plant spoiled copies of tonight's rows, and late arrivals and corrections of the days before.

    Contacts get none: on most nights they are few, and a bad row among few would stop the night.
    """
    seed, share = config.seed, config.dirt_share
    defects = plant_defects(seed, share, name, table, tonight)
    defects += plant_later_rows(seed, share, name, earlier, _days(name, earlier), tonight)
    dirt.write(name, table.column_names, defects)


def _days(name: str, table: pa.Table) -> IntArray:
    """Return the bank's day of each row of transactions or events."""
    instants = table[{"transactions": "posted_at", "events": "occurred_at"}[name]]
    return bank_days(instants.cast(pa.int64()).to_numpy() // 1_000_000)


def _night_tables(config: WorldConfig, as_of_date: date) -> tuple[dict[str, pa.Table], dict[str, pa.Table]]:
    """Return one day's rows by file, and the rows of the days before that dirt looks back to."""
    chunks = [_night_chunk(config, numbers, as_of_date) for numbers in _chunks(config)]
    tables = {name: pa.concat_tables([chunk[name] for chunk in chunks]) for name in chunks[0]}
    earlier = {}
    for name in ("transactions", "events"):
        is_tonight = pa.array(_days(name, tables[name]) == day_number(as_of_date))
        earlier[name] = tables[name].filter(pc.invert(is_tonight))
        tables[name] = tables[name].filter(is_tonight)
    return tables, earlier


def _night_chunk(config: WorldConfig, numbers: IntArray, as_of_date: date) -> dict[str, pa.Table]:
    """Return one chunk's rows of one day, by file; with dirt, transactions and events of the days before too."""
    customers = draw_customers(config, numbers)
    tonight, today = Month.of(as_of_date), day_number(as_of_date)
    months = list(simulate(config, customers, tonight))
    first = today - (LAST_LAG_DAYS if config.dirt_share else 0)

    def keep(days: IntArray) -> np.ndarray:
        return days == today

    def keep_recent(days: IntArray) -> np.ndarray:
        return (days >= first) & (days <= today)

    recent = months[-2:] if first < tonight.first_day else months[-1:]
    ends = bank_day_end(as_of_date), bank_day_end(as_of_date - timedelta(days=1))
    tables = {
        "transactions": transactions_table(config, customers, months, keep_recent, recent[0].month.number),
        "events": events_table(config, customers, months, keep_recent, views_from=recent[0].month.number),
        "consents": consents_table(customers, months, keep, with_first=False),
        "holdings": holdings_table(customers, months, keep, with_first=False),
        "contacts": contacts_table(customers, contacts_of(months), *ends),
    }
    if today == tonight.last_day:
        tables["truth/customer_months"] = truth_tables(customers, months[-1:])["customer_months"]
        tables["truth/response_probabilities"] = response_probabilities_table(config, customers, months[-1], as_of_date)
    return tables
