"""What the tests of rag share: Harbor Bank's catalogue as the warehouse would hand it over, and its briefs."""

from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd

from rag.briefs import Brief, briefs_of, enumerate_briefs
from rag.documents import Document, load_corpus
from rag.retrieval import Retrieved, retrieve
from rag.store import Store

SEND_DATE = date(2026, 1, 1)
CATALOGUE = Path(__file__).parents[2] / "ml" / "simulator" / "products.csv"


@cache
def catalogue() -> pd.DataFrame:
    """Rows as `int_products__as_known` has them on the first night."""
    frame = pd.read_csv(CATALOGUE, keep_default_na=False, dtype=str)
    frame["is_live"] = (frame["valid_from"] <= "2026-01-01") & (frame["valid_to"] >= "2026-01-01")
    frame["product_version"] = [f"{number:012x}" for number in range(len(frame))]
    frame["channels"] = frame["channels"].str.split("|")
    frame["states"] = [text.split("|") if text else None for text in frame["states"]]
    return frame


@cache
def corpus() -> tuple[Document, ...]:
    """Harbor Bank's documents."""
    return tuple(load_corpus())


@cache
def store() -> Store:
    """An index of them, in memory."""
    opened = Store(":memory:")
    opened.refresh(corpus())
    return opened


@cache
def briefs() -> tuple[Brief, ...]:
    """Every brief of the first night."""
    return tuple(briefs_of(enumerate_briefs(catalogue()), catalogue()))


def brief(product_id: str, channel: str = "email", intent: str = "considering", intensity: str = "medium") -> Brief:
    """One brief by its parts."""
    return next(
        item
        for item in briefs()
        if (item.product_id, item.channel, item.intent_name, item.intensity) == (product_id, channel, intent, intensity)
    )


@cache
def retrieved(wanted: Brief, send_date: date = SEND_DATE) -> tuple[Retrieved, ...]:
    """What is retrieved for a brief."""
    return tuple(retrieve(store(), wanted, send_date))
