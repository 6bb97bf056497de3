"""``python -m tests.real_data.realism SOURCE OUT``: the simulated bank beside real sets, as a table and pictures.

What belongs here: the measures. Each set is laid out in the input contract by its own adapter, so that one query
measures all of them; only aggregates leave this module, never a row of a real set. Amounts are told relative to their
median, for the sets have other currencies and decades. The simulated bank is a clean world of its own size and twelve
months, so that every calendar month is seen. How well a number is known, its 95 % interval, comes from leaving out a
twentieth of the customers at a time (delete-a-group jackknife).
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
from scipy.stats import t as student_t

from ml.simulator.config import WorldConfig
from ml.simulator.world import write_world
from tests.real_data import berka, hillstrom, starbucks, uci

FloatArray = npt.NDArray[np.float64]

CUSTOMERS = 5_000
"""1,000 to 35,000. Of the simulated bank; its shares are then known to a percentage point."""
SIMULATED, BERKA, STARBUCKS, UCI, HILLSTROM = "simulated", "Berka", "Starbucks", "UCI", "Hillstrom"
_ADAPTERS = {
    BERKA: (berka.adapt, "berka_partial"),
    STARBUCKS: (starbucks.adapt, "starbucks_offers"),
    UCI: (uci.adapt, "uci_bank_marketing"),
    HILLSTROM: (hillstrom.adapt, "hillstrom"),
}
GROUPS = 20
"""10 to 100. Groups of customers; with twenty the width of an interval is itself known to a sixth."""
# The 97.5 % quantile of Student's t with GROUPS - 1 degrees of freedom.
_T = float(student_t.ppf(0.975, GROUPS - 1))
_FILES = ("customers", "transactions", "contacts", "holdings")
OUT_OF_ACCOUNT = "amount < 0 and category <> 'fee'"
IN_ACCOUNT = "amount > 0 and category <> 'interest'"
PURCHASE = "amount < 0 and counterparty_type = 'merchant' and category <> 'fee'"
_ANSWERED = "response in ('clicked', 'converted')"
_TREATED = "arm = 'treatment'"


@dataclass(frozen=True)
class Bank:
    """A folder in the input contract and queries on it."""

    name: str
    con: duckdb.DuckDBPyConnection
    files: frozenset[str]

    @classmethod
    def open(cls, name: str, folder: Path) -> "Bank":
        """Read ``folder``: a view per file of the contract that it holds, days in New York's zone or UTC."""
        con = duckdb.connect()
        con.execute(f"set TimeZone = '{'America/New_York' if name == SIMULATED else 'UTC'}'")
        found = set()
        for file in _FILES:
            source = f"'{folder}/{file}.csv'" if (folder / f"{file}.csv").exists() else f"'{folder}/{file}/*.parquet'"
            if list(folder.glob(f"{file}.csv")) or list(folder.glob(f"{file}/*.parquet")):
                con.execute(
                    f"create table all_{file} as select *, md5_number_lower(customer_id) % {GROUPS} as customer_group "
                    f"from {source}"
                )
                found.add(file)
        bank = cls(name, con, frozenset(found))
        bank.leave_out(None)
        return bank

    def leave_out(self, group: int | None) -> None:
        """Let all queries see the bank without one of ``GROUPS`` groups of customers; None = see all of it."""
        condition = "true" if group is None else f"customer_group <> {group}"
        for file in sorted(self.files):
            self.con.execute(
                f"create or replace view {file} as select * exclude (customer_group) from all_{file} where {condition}"
            )

    def rows(self, query: str) -> list[tuple]:
        """Return a query's rows."""
        return self.con.execute(query).fetchall()

    def value(self, query: str) -> float:
        """Return a query's single number."""
        return float(self.rows(query)[0][0])

    def column(self, query: str) -> FloatArray:
        """Return a query's single column of numbers."""
        (values,) = self.con.execute(query).fetchnumpy().values()
        return np.asarray(values, dtype=np.float64)


# Whole months between a customer's first and last transaction: Berka's excerpt cuts accounts off, Starbucks has one.
_MONTHS = """
with bounds as (
    select customer_id, date_trunc('month', min(posted_at)) as first, date_trunc('month', max(posted_at)) as last
    from transactions group by customer_id
), months as (
    select customer_id, unnest(generate_series(first + interval 1 month, last - interval 1 month, interval 1 month))
        as month
    from bounds
), counted as (
    select customer_id, date_trunc('month', posted_at) as month, count(*) as n, sum(-amount) filter (amount < 0) as paid
    from transactions group by all
)
select months.customer_id, months.month, coalesce(n, 0) as n, coalesce(paid, 0) as paid
from months left join counted using (customer_id, month)
"""
# Of the simulated bank every customer is seen in every month of the year.
_WHOLE_YEAR = """
with counted as (
    select customer_id, date_trunc('month', posted_at) as month, count(*) as n, sum(-amount) filter (amount < 0) as paid
    from transactions group by all
)
select customer_id, months.month, coalesce(n, 0) as n, coalesce(paid, 0) as paid
from customers cross join (select distinct month from counted) as months
left join counted using (customer_id, month)
"""
_ONE_MONTH = """
select customers.customer_id, count(posted_at) as n from customers left join transactions using (customer_id)
group by all
"""


# The last balance of each observed month, and the lowest of the month; ``months``: over what the customer pays a month.
_BALANCES = """
with observed as ({months}), closings as (
    select customer_id, date_trunc('month', posted_at) as month, min(balance_usd) as lowest,
        max(struct_pack(posted_at, transaction_id, balance_usd)).balance_usd::double as balance
    from transactions where balance_usd is not null group by all
), usual as (
    select customer_id, avg(paid)::double as paid from observed group by customer_id having count(*) >= 6
)
select customer_id, month, lowest, balance, balance / usual.paid as months
from observed join closings using (customer_id, month) join usual using (customer_id) where usual.paid > 0
"""


def amounts(bank: Bank, condition: str) -> FloatArray:
    """Return the sizes of a bank's amounts, positive, shape (rows,), sorted."""
    return bank.column(f"select abs(amount)::double as size from transactions where {condition} order by size")


def tail_index(sizes: FloatArray) -> float:
    """Return Hill's estimate of the Pareto exponent over the largest hundredth of sorted sizes; lower is heavier."""
    top = sizes[-max(sizes.size // 100, 10) :]
    return float(1 / np.log(top / top[0])[1:].mean())


def months_of(bank: Bank) -> str:
    """Return the query of a bank's observed customer-months and their transactions."""
    return {STARBUCKS: _ONE_MONTH, SIMULATED: _WHOLE_YEAR}.get(bank.name, _MONTHS)


def balances(bank: Bank) -> FloatArray:
    """Return the balances at month ends in months of what the customer pays, sorted."""
    return bank.column(f"select months from ({_BALANCES.format(months=months_of(bank))}) order by months")


def mean_balances(bank: Bank) -> FloatArray:
    """Return each customer's mean balance at month ends, of UCI the mean of the year as it is told, sorted."""
    if bank.name == UCI:
        return bank.column("select attr_balance::double as balance from customers order by balance")
    months = _BALANCES.format(months=months_of(bank))
    return bank.column(f"select avg(balance) as balance from ({months}) group by customer_id order by balance")


def overdrawn_months(bank: Bank) -> float:
    """Return the share of customer-months in which the balance was below zero after some transaction."""
    return bank.value(f"select avg((lowest < 0)::int) from ({_BALANCES.format(months=months_of(bank))})")


def gaps_days(bank: Bank) -> FloatArray:
    """Return the days between a customer's consecutive transactions, sorted."""
    return bank.column(
        """select datediff('day', lag(posted_at) over (partition by customer_id order by posted_at), posted_at) as gap
        from transactions qualify gap is not null order by gap"""
    )


def month_factors(bank: Bank, measure: str) -> FloatArray:
    """Return each calendar month's mean of a customer-month's ``n`` or ``paid``, over the year's mean, shape (12,)."""
    rows = dict(bank.rows(f"select month(month), avg({measure})::double from ({months_of(bank)}) group by all"))
    values = np.array([rows.get(month, np.nan) for month in range(1, 13)])
    return values / np.nanmean(values)


def answer_month_factors(bank: Bank) -> FloatArray:
    """Return each calendar month's share of answered contacts over the mean of the months, shape (12,)."""
    query = f"select month(sent_at), avg(({_ANSWERED})::int) from contacts where {_TREATED} group by all"
    rows = dict(bank.rows(query))
    values = np.array([rows.get(month, np.nan) for month in range(1, 13)], dtype=np.float64)
    return values / np.nanmean(values)


def day_profile(bank: Bank) -> FloatArray:
    """Return the share of a month's payments on each of its days 1 to 30, over an even spread, shape (30,)."""
    rows = dict(bank.rows(f"select day(posted_at), count(*) from transactions where {OUT_OF_ACCOUNT} group by all"))
    values = np.array([rows.get(day, 0) for day in range(1, 31)], dtype=np.float64)
    return values / values.mean()


def answers_by_contact(bank: Bank) -> FloatArray:
    """Return the share answered of a customer's 1st, 2nd ... 6th contact, over that of the 1st, shape (6,).

    The simulated bank counts a customer's contacts of the sixty days before, UCI those of the campaign.
    """
    if bank.name == UCI:
        query = f"""select least(attr_campaign, 6) as number, avg(({_ANSWERED})::int)
            from contacts join customers using (customer_id) group by all order by all"""
    else:
        query = f"""
            with numbered as (
                select response, count(*) over (partition by customer_id order by sent_at
                    range between interval 60 days preceding and current row) as number
                from contacts where {_TREATED}
            )
            select least(number, 6) as number, avg(({_ANSWERED})::int) from numbered group by all order by all"""
    shares = dict(bank.rows(query))
    values = np.array([shares.get(number, np.nan) for number in range(1, 7)], dtype=np.float64)
    return values / values[0]


def answered(bank: Bank) -> float:
    """Return the share of contacts answered (clicked or converted)."""
    return bank.value(f"select avg(({_ANSWERED})::int) from contacts where {_TREATED}")


def answered_by_channel(bank: Bank) -> dict[str, float]:
    """Return the share of contacts answered (clicked or converted), by channel."""
    query = f"select channel, avg(({_ANSWERED})::int) from contacts where {_TREATED} group by all order by all"
    return dict(bank.rows(query))


def holders(bank: Bank, products: str) -> float:
    """Return the share of customers who hold one of some products on the last day of 2025, of Berka of 1998."""
    last = "2025-12-31" if bank.name == SIMULATED else "1998-12-31"
    return bank.value(
        f"""select count(distinct customer_id) / (select count(*) from customers) from holdings
        where product_id in ({products}) and (closed_on is null or closed_on > '{last}')"""
    )


def openings_a_month(bank: Bank) -> float:
    """Return openings per customer-month: of the simulated year, or over the life of Berka's accounts."""
    if bank.name == SIMULATED:
        return bank.value(
            "select count(*) / 12.0 / (select count(*) from customers) from holdings where opened_on >= '2025-01-01'"
        )
    return bank.value(
        """select (select count(*) from holdings where product_id <> 'current_account')
            / (select sum(datediff('month', opened_on, date '1998-12-31')) from holdings
                where product_id = 'current_account')"""
    )


def opened_within_14_days(bank: Bank, arm: str) -> float:
    """Return the share of an arm's rows after which the customer opened any product within 14 days."""
    return bank.value(
        f"""select avg((exists (
            select 1 from holdings where holdings.customer_id = contacts.customer_id
                and opened_on between contacts.sent_at::date and contacts.sent_at::date + 13
        ))::int) from contacts where arm = '{arm}' and sent_at < '2025-12-15'"""
    )


@dataclass(frozen=True)
class Measure:
    """One row of the table: what is measured, its unit, how a number is shown, and by bank the function."""

    text: str
    form: str
    by_bank: dict[str, Callable[[Bank], float]]


def _same(function: Callable[[Bank], float], *names: str) -> dict[str, Callable[[Bank], float]]:
    return {name: function for name in (SIMULATED, *names)}


def _ratio(condition: str, share: float) -> Callable[[Bank], float]:
    return lambda bank: float(np.quantile(sizes := amounts(bank, condition), share) / np.median(sizes))


def _month_count(share: float) -> Callable[[Bank], float]:
    return lambda bank: bank.value(f"select quantile_cont(n, {share}) from ({months_of(bank)})")


def _share(condition: str, of: str = _TREATED) -> Callable[[Bank], float]:
    return lambda bank: 100 * bank.value(f"select avg(({condition})::int) from contacts where {of}")


def _attribute(condition: str) -> Callable[[Bank], float]:
    return lambda bank: 100 * bank.value(f"select avg(({condition})::int) from customers")


def _balance(share: float) -> Callable[[Bank], float]:
    return lambda bank: float(np.quantile(balances(bank), share))


def _weekend(bank: Bank) -> float:
    return 100 * bank.value(f"select avg((isodow(posted_at) > 5)::int) from transactions where {OUT_OF_ACCOUNT}")


CARDS = "'cash_rewards_card', 'travel_card', 'balance_transfer_card', 'card_classic', 'card_junior', 'card_gold'"
LOANS = "'personal_loan', 'auto_loan', 'loan'"
MEASURES = (
    Measure("payments: 95 % quantile over median", "{:.1f}", _same(_ratio(OUT_OF_ACCOUNT, 0.95), BERKA)),
    Measure("payments: 99 % quantile over median", "{:.1f}", _same(_ratio(OUT_OF_ACCOUNT, 0.99), BERKA)),
    Measure(
        "payments: Pareto exponent of the top 1 %",
        "{:.1f}",
        _same(lambda b: tail_index(amounts(b, OUT_OF_ACCOUNT)), BERKA),
    ),
    Measure("purchases: 5 % quantile over median", "{:.2f}", _same(_ratio(PURCHASE, 0.05), STARBUCKS)),
    Measure("purchases: 95 % quantile over median", "{:.1f}", _same(_ratio(PURCHASE, 0.95), STARBUCKS)),
    Measure("purchases: 99 % quantile over median", "{:.1f}", _same(_ratio(PURCHASE, 0.99), STARBUCKS)),
    Measure("money in: 95 % quantile over median", "{:.1f}", _same(_ratio(IN_ACCOUNT, 0.95), BERKA)),
    Measure("transactions a customer-month, 10 % quantile", "{:.0f}", _same(_month_count(0.1), BERKA, STARBUCKS)),
    Measure("transactions a customer-month, median", "{:.0f}", _same(_month_count(0.5), BERKA, STARBUCKS)),
    Measure("transactions a customer-month, 90 % quantile", "{:.0f}", _same(_month_count(0.9), BERKA, STARBUCKS)),
    Measure("balance at a month's end, months of payments, 10 % quantile", "{:.1f}", _same(_balance(0.1), BERKA)),
    Measure("balance at a month's end, months of payments, median", "{:.1f}", _same(_balance(0.5), BERKA)),
    Measure("balance at a month's end, months of payments, 90 % quantile", "{:.1f}", _same(_balance(0.9), BERKA)),
    Measure(
        "a customer's mean balance, 90 % quantile over median",
        "{:.1f}",
        _same(lambda bank: float(np.quantile(of := mean_balances(bank), 0.9) / np.median(of)), BERKA, UCI),
    ),
    Measure(
        "customers with a mean balance below zero, %",
        "{:.1f}",
        _same(lambda bank: 100 * float((mean_balances(bank) < 0).mean()), BERKA, UCI),
    ),
    Measure(
        "customer-months overdrawn at some time, %", "{:.1f}", _same(lambda bank: 100 * overdrawn_months(bank), BERKA)
    ),
    Measure(
        "days between transactions, median",
        "{:.0f}",
        _same(lambda bank: float(np.median(gaps_days(bank))), BERKA, STARBUCKS),
    ),
    Measure(
        "days between transactions, 95 % quantile",
        "{:.0f}",
        _same(lambda bank: float(np.quantile(gaps_days(bank), 0.95)), BERKA, STARBUCKS),
    ),
    Measure(
        "money paid, strongest month over weakest",
        "{:.2f}",
        _same(lambda bank: float(np.nanmax(f := month_factors(bank, "paid")) / np.nanmin(f)), BERKA),
    ),
    Measure("payments on Saturday and Sunday, %", "{:.0f}", _same(_weekend, BERKA)),
    Measure("contacts answered, %", "{:.1f}", _same(lambda bank: 100 * answered(bank), STARBUCKS, UCI, HILLSTROM)),
    Measure(
        "contacts opened or answered, %",
        "{:.0f}",
        _same(_share("response in ('opened', 'clicked', 'converted')"), STARBUCKS),
    ),
    Measure("contacts that led to the sale, %", "{:.1f}", _same(_share("response = 'converted'"), UCI, HILLSTROM)),
    Measure(
        "answered, best month over worst",
        "{:.1f}",
        _same(lambda bank: float(np.nanmax(f := answer_month_factors(bank)) / np.nanmin(f)), UCI),
    ),
    Measure(
        "answered, fourth contact over first", "{:.2f}", _same(lambda bank: float(answers_by_contact(bank)[3]), UCI)
    ),
    Measure(
        "product opened within 14 days (Hillstrom: site visited), contacted, %",
        "{:.1f}",
        {
            SIMULATED: lambda bank: 100 * opened_within_14_days(bank, "treatment"),
            HILLSTROM: lambda bank: 100 * answered(bank),
        },
    ),
    Measure(
        "the same, control, %",
        "{:.1f}",
        {
            SIMULATED: lambda bank: 100 * opened_within_14_days(bank, "control"),
            HILLSTROM: _share("response = 'converted'", "arm = 'control'"),
        },
    ),
    Measure("contacts that led to an opt-out, %", "{:.2f}", _same(_share("response = 'opted_out'"))),
    Measure("customers with a credit card, %", "{:.0f}", _same(lambda bank: 100 * holders(bank, CARDS), BERKA)),
    Measure(
        "customers with a loan, %",
        "{:.0f}",
        {**_same(lambda bank: 100 * holders(bank, LOANS), BERKA), UCI: _attribute("attr_loan = 'yes'")},
    ),
    Measure(
        "products opened, % of customers a month", "{:.1f}", _same(lambda bank: 100 * openings_a_month(bank), BERKA)
    ),
)


def table(banks: dict[str, Bank]) -> str:
    """Return the Markdown table of all measures, each number with half the width of its 95 % interval."""
    cells = {name: column(bank) for name, bank in banks.items()}
    lines = [f"| measure | {' | '.join(banks)} |", "|---" * (len(banks) + 1) + "|"]
    lines += [f"| {measure.text} | {' | '.join(cells[name][measure.text] for name in banks)} |" for measure in MEASURES]
    return "\n".join(lines) + "\n"


def column(bank: Bank) -> dict[str, str]:
    """Return one bank's cells of the table by the measures' texts; empty where it can't tell."""
    own = [measure for measure in MEASURES if bank.name in measure.by_bank]
    values = np.array([measure.by_bank[bank.name](bank) for measure in own])
    without = []
    for group in range(GROUPS):
        bank.leave_out(group)
        without.append([measure.by_bank[bank.name](bank) for measure in own])
    bank.leave_out(None)
    shown = {
        measure.text: f"{measure.form.format(value)} ± {measure.form.format(half)}"
        for measure, value, half in zip(own, values, half_widths(np.array(without)), strict=True)
    }
    return {measure.text: shown.get(measure.text, "") for measure in MEASURES}


def half_widths(without: FloatArray) -> FloatArray:
    """Return half the widths of 95 % intervals by the delete-a-group jackknife.

    Parameters
    ----------
    without : array of float, shape (groups, measures)
        Each measure without each of the groups in turn.

    References
    ----------
    Kott, P. S., The delete-a-group jackknife, Journal of Official Statistics 17 (2001).
    """
    groups = without.shape[0]
    variance = (groups - 1) / groups * ((without - without.mean(axis=0)) ** 2).sum(axis=0)
    return _T * np.sqrt(variance)


def open_banks(source: Path, scratch: Path) -> dict[str, Bank]:
    """Write the simulated bank and the real sets into ``scratch`` in the input contract, and open them."""
    world = WorldConfig(customers=CUSTOMERS, history_start=date(2025, 1, 1), dirt_share=0)
    write_world(scratch / SIMULATED, world)
    for name, (adapt, folder) in _ADAPTERS.items():
        adapt(source / folder, scratch / name)
    return {name: Bank.open(name, scratch / name) for name in (SIMULATED, *_ADAPTERS)}


def main() -> None:
    """Measure, and write the table and the pictures."""
    from tests.real_data.realism_pictures import draw_all

    parser = argparse.ArgumentParser(prog="python -m tests.real_data.realism", description=__doc__)
    parser.add_argument("source", type=Path, help="folder of the real sets, as WORDBOND_REAL_DATA names it")
    parser.add_argument("out", type=Path, help="folder for table.md and the pictures")
    arguments = parser.parse_args()
    missing = [folder for _, folder in _ADAPTERS.values() if not (arguments.source / folder).is_dir()]
    if missing:
        parser.error(f"{arguments.source} has no {', '.join(missing)}; name the folder that holds the real sets")
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="wordbond-realism-") as scratch:
        banks = open_banks(arguments.source, Path(scratch))
        (arguments.out / "table.md").write_text(table(banks), encoding="utf-8")
        draw_all(banks, arguments.out)


if __name__ == "__main__":
    main()
