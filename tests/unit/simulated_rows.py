"""Reading what the simulator wrote, for its tests: good rows of a folder as frames."""

from pathlib import Path

import duckdb
import pandas as pd

FILES = ("customers", "consents", "holdings", "transactions", "events", "contacts")
KEYS = {
    "customers": ["customer_id"],
    "consents": ["customer_id", "channel", "changed_at"],
    "holdings": ["customer_id", "product_id", "opened_on"],
    "transactions": ["transaction_id"],
    "events": ["event_id"],
    "contacts": ["contact_id"],
}


def read_rows(folder: Path, name: str) -> pd.DataFrame:
    """Return the good rows of one file of the contract, planted dirt left out, sorted by key."""
    source = f"{folder}/{name}/part-*.parquet"
    if not (folder / name).is_dir():
        source = next(str(path) for path in sorted(folder.glob(f"{name}.*")))
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        frame = con.sql(f"from '{source}' order by {', '.join(KEYS[name])}").df()
    return frame


def read_texts(folder: Path, name: str) -> pd.DataFrame:
    """Return the good rows of one file of a history as texts, sorted by key."""
    return _texts(folder, name, f"{folder}/{name}/part-*" if (folder / name).is_dir() else f"{folder}/{name}.*")


def read_night_texts(folder: Path, name: str) -> pd.DataFrame:
    """Return one file's good rows of all nights as texts, with their ``night``, in order of nights and keys."""
    is_csv = (folder / f"{name}.csv").exists()
    pattern = f"{folder}/nights/*/{name}.csv" if is_csv else f"{folder}/nights/*/{name}/part-*"
    frame = _texts(folder, name, pattern, ", regexp_extract(filename, 'nights/([^/]+)/', 1) as night")
    return frame.sort_values(["night", *KEYS[name]]).reset_index(drop=True)


def _texts(folder: Path, name: str, pattern: str, extra: str = "") -> pd.DataFrame:
    is_csv = (folder / f"{name}.csv").exists()
    options = ", all_varchar = true" if is_csv else ""
    reader = "read_csv" if is_csv else "read_parquet"
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        source = f"{reader}('{pattern}', filename = true{options})"
        frame = con.sql(f"select columns(* exclude filename)::varchar{extra} from {source}").df()
    return frame.sort_values(KEYS[name]).reset_index(drop=True).fillna("")


def read_truth(folder: Path, name: str) -> pd.DataFrame:
    """Return one table of ``truth/``."""
    with duckdb.connect() as con:
        return con.sql(f"from '{folder}/truth/{name}.parquet' order by all").df()


def first_customers(frame: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the rows of the customers with the lowest numbers."""
    return frame[frame["customer_id"] <= f"C{count:07d}"].reset_index(drop=True)
