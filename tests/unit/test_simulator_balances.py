"""Balances: an exact running sum of the files' own rows, pulled back at month ends, and blind to what is latent."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.simulator.balances import Accounts, balances_after, next_month, open_accounts
from ml.simulator.calendar import Month
from ml.simulator.config import WorldConfig
from ml.simulator.history import simulate
from ml.simulator.observer.seen import hide
from ml.simulator.population import draw_customers
from ml.simulator.spending import draw_transactions
from ml.simulator.world import write_night, write_world
from tests.unit.simulated_rows import read_rows

CONFIG = WorldConfig(customers=240, dirt_share=0.005)
NIGHTS = (date(2026, 1, 2), date(2026, 1, 3), date(2026, 1, 4))


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("world") / "one"
    write_world(folder, CONFIG)
    for night in NIGHTS:
        write_night(folder, night)
    return folder


@pytest.fixture(scope="module")
def rows(world) -> pd.DataFrame:
    """The history's rows in order of posting, money in cents, with the month and what stood before them."""
    frame = read_rows(world, "transactions").sort_values(["customer_id", "posted_at", "transaction_id"])
    for name in ("amount", "balance_usd"):
        frame[name] = (frame[name].astype("float64") * 100).round().astype("int64")
    frame["month"] = frame["posted_at"].dt.tz_convert("America/New_York").dt.tz_localize(None).dt.to_period("M")
    before = frame.groupby("customer_id")[["balance_usd", "month"]].shift()
    return frame.assign(before=before["balance_usd"], month_before=before["month"])


def test_inside_a_month_every_balance_is_the_one_before_plus_the_amount(rows):
    inside = rows[rows["month"] == rows["month_before"]]
    assert len(inside) > 0.9 * len(rows)
    assert (inside["balance_usd"] - inside["before"] == inside["amount"]).all()


def test_between_months_the_standing_order_pulls_towards_one_buffer_a_customer(rows):
    """The rows tell the buffer, for three quarters of what lay above it are gone: the same one at every month's end."""
    first = rows[rows["month_before"].notna() & (rows["month"] != rows["month_before"])]
    moved = first["before"] - (first["balance_usd"] - first["amount"])
    buffer = (first["before"] - moved / 0.75).groupby(first["customer_id"])
    assert (first.groupby("customer_id").size() == 5).sum() > 220
    assert (buffer.max() - buffer.min()).max() <= 2
    assert (buffer.min() > 0).all()


def test_money_stands_on_observed_things_alone():
    customers = draw_customers(CONFIG, np.arange(1, 241))
    seen, known = open_accounts(CONFIG, hide(customers)), open_accounts(CONFIG, customers)
    assert seen.buffer_cents.tolist() == known.buffer_cents.tolist()
    assert seen.balance_cents.tolist() == known.balance_cents.tolist()
    assert np.unique(known.balance_cents).size > 230


def test_a_running_sum_and_a_standing_order_by_hand():
    accounts = Accounts(np.array([1_000, 500, 0]), np.array([200, 500, 7]))
    customer, cents = np.array([0, 0, 0, 2]), np.array([-300, 100, 2_001, -8])
    assert balances_after(accounts, customer, cents).tolist() == [-100, 0, 2_001, -1]
    # 2,001 is 1,001 above its buffer, of which 0.75 * 1,001 = 750.75 go; 1 is missing of the third's, and 0.75 come.
    assert next_month(CONFIG, accounts, customer, cents).balance_cents.tolist() == [2_001 - 751, 500, -1 + 1]
    assert balances_after(accounts, customer[:0], cents[:0]).tolist() == []


def test_the_stock_neither_grows_nor_sinks_over_two_years():
    customers = draw_customers(CONFIG, np.arange(1, 601))
    accounts, months_of_income, is_overdrawn = open_accounts(CONFIG, customers), [], []
    for draws in simulate(CONFIG, customers, Month.of(date(2027, 6, 30))):
        paid = draw_transactions(CONFIG, customers, draws.month, draws.intent, draws.start.held, draws.is_active)
        flow = np.bincount(paid.customer, paid.cents, customers.count)
        end = (accounts.balance_cents + flow)[draws.is_active]
        months_of_income.append(float(np.median(end / 100 / customers.income_usd[draws.is_active])))
        is_overdrawn.append(float((end < 0).mean()))
        accounts = next_month(CONFIG, accounts, paid.customer, paid.cents)
    assert 1.0 < min(months_of_income) < max(months_of_income) < 2.0
    assert abs(np.mean(months_of_income[12:]) - np.mean(months_of_income[:12])) < 0.1
    assert max(is_overdrawn) < 0.02


def test_a_late_purchase_has_no_balance_and_copies_keep_theirs(world, rows):
    balances = dict(zip(rows["transaction_id"], rows["balance_usd"], strict=True))
    lines = [*world.glob("nights/*/transactions/zz-dirt.csv"), world / "transactions/zz-dirt.csv"]
    late, copies = 0, 0
    for path in lines:
        for line in path.read_text(encoding="latin-1").splitlines()[1:]:
            values = line.removesuffix(",unquoted, comma").split(",")
            if values[0].endswith("L"):
                late += 1
                assert values[-1] == ""
            elif values[0] in balances:
                copies += 1
                assert round(float(values[-1]) * 100) == balances[values[0]]
    assert late > 0
    assert copies > 100
