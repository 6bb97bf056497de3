"""Transactions of one month: income and bills on their days, and spending drawn by category.

What belongs here: money. Rates and amounts depend on segment, trait, intent, income and holdings; given these every
transaction is independent of every other.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from ml.simulator.activity import expand
from ml.simulator.calendar import Month, day_number
from ml.simulator.catalogue import BoolArray
from ml.simulator.config import WorldConfig
from ml.simulator.draws import FloatArray, IntArray, Stream, categorical, keys, normal, pack, poisson, uniform
from ml.simulator.parameters import Spending
from ml.simulator.population import Customers
from ml.simulator.vocabulary import DISCRETIONARY, PRODUCTS, SPENDING

# Every kind of transaction: category, kind of counterparty, sign. Drawn ones first, in the order of ``SPENDING``.
KINDS: tuple[tuple[str, str, int], ...] = (
    ("groceries", "merchant", -1),
    ("dining", "merchant", -1),
    ("fuel", "merchant", -1),
    ("shopping", "merchant", -1),
    ("travel", "merchant", -1),
    ("health", "merchant", -1),
    ("transfer_in", "person", 1),
    ("transfer_out", "person", -1),
    ("savings_transfer", "bank", -1),
    ("fee", "bank", -1),
    ("salary", "employer", 1),
    ("pension", "employer", 1),
    ("transfer_in", "bank", 1),
    ("rent", "landlord", -1),
    ("mortgage_payment", "bank", -1),
    ("utilities", "utility", -1),
    ("utilities", "utility", -1),
    ("card_payment", "bank", -1),
    ("card_payment", "bank", -1),
    ("card_payment", "bank", -1),
    ("interest", "bank", 1),
    ("interest", "bank", 1),
    ("interest", "bank", 1),
)
SALARY, PENSION, OUTSIDE_INCOME, RENT, MORTGAGE, POWER_BILL, PHONE_BILL = range(10, 17)
CARD_KINDS = {17: "cash_rewards_card", 18: "travel_card", 19: "balance_transfer_card"}
INTEREST_KINDS = {20: "high_yield_savings", 21: "money_market", 22: "cd_12_month"}
_CHECKING = PRODUCTS.index("everyday_checking")
_SAVINGS = tuple(PRODUCTS.index(name) for name in INTEREST_KINDS.values())
_TRANSFERS = ("transfer_out", "savings_transfer")
# Of income, what comes in by transfer when the main account is elsewhere; and the phone's part of utility bills.
_OUTSIDE_SHARE = 0.4
PHONE_SHARE = 0.3
# Standard deviation of the log amount of bills, card payments and interest.
POWER_SIGMA, PHONE_SIGMA, CARD_SIGMA, INTEREST_SIGMA = 0.2, 0.1, 0.4, 0.7
# A Friday on which half of those paid every two weeks are paid.
_PAYDAY = day_number(date(2025, 1, 3))
_FRIDAY = 4


@dataclass(frozen=True)
class Transactions:
    """Transactions of a month, one element each.

    Attributes
    ----------
    customer : array of int
        Position in the chunk.
    kind : array of int
        Position in ``KINDS``.
    ordinal : array of int
        0, 1, ... within customer, month and kind.
    day, second : array of int
        Day number and second of the day in the bank's zone.
    cents : array of int
        Signed amount.
    """

    customer: IntArray
    kind: IntArray
    ordinal: IntArray
    day: IntArray
    second: IntArray
    cents: IntArray


def draw_transactions(
    config: WorldConfig, customers: Customers, month: Month, intent: IntArray, held: BoolArray, is_active: BoolArray
) -> Transactions:
    """Draw a month's transactions.

    Parameters
    ----------
    intent : array of int, shape (n,)
    held : array of bool, shape (n, J)
        As the month begins.
    is_active : array of bool, shape (n,)
        Neither gone nor dead.
    """
    parts = [_drawn(config, customers, month, intent, held, is_active)]
    parts += _fixed(config, customers, month, held, is_active)
    return Transactions(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Transactions.__dataclass_fields__)
    )


def spending_rates(
    config: WorldConfig, customers: Customers, month: Month, intent: IntArray, held: BoolArray
) -> FloatArray:
    """Return the mean count of each drawn category, shape (n, categories)."""
    parameters = config.parameters.spending
    rates = np.array(parameters.rate)[customers.segment] * np.array(parameters.season)[:, month.calendar_month]
    rates = rates * np.where(held[:, [_CHECKING]], 1.0, parameters.without_checking)
    for name in DISCRETIONARY:
        rates[:, SPENDING.index(name)] *= np.array(parameters.trait_discretionary)[customers.trait]
    for name in _TRANSFERS:
        rates[:, SPENDING.index(name)] *= np.array(parameters.intent_transfers)[intent]
    rates[:, SPENDING.index("savings_transfer")] *= held[:, _SAVINGS].any(axis=1)
    return rates


def _day_weights(parameters: Spending, month: Month) -> FloatArray:
    """Return the weight of each day per drawn category, shape (categories, days)."""
    weights = np.array(parameters.weekday)[:, month.weekdays()]
    rhythm = np.ones(month.days)
    rhythm[:5], rhythm[-5:] = parameters.month_start, parameters.month_end
    is_discretionary = np.array([name in DISCRETIONARY for name in SPENDING])
    return weights * np.where(is_discretionary[:, None], rhythm, 1.0)


def _drawn(
    config: WorldConfig, customers: Customers, month: Month, intent: IntArray, held: BoolArray, is_active: BoolArray
) -> Transactions:
    parameters = config.parameters.spending
    rates = spending_rates(config, customers, month, intent, held) * is_active[:, None]
    count_key = keys(config.seed, customers.number, Stream.SPENDING_COUNT)[:, None]
    customer, kind, ordinal = expand(poisson(uniform(count_key, pack(month.number, np.arange(len(SPENDING)))), rates))
    step = pack(month.number, kind, ordinal)

    def draw(stream: Stream) -> FloatArray:
        return uniform(keys(config.seed, customers.number, stream)[customer], step)

    day_u, day = draw(Stream.SPENDING_DAY), np.zeros(customer.size, dtype=np.int64)
    for category, weights in enumerate(_day_weights(parameters, month)):
        chosen = kind == category
        day[chosen] = categorical(day_u[chosen], weights)
    income_factor = (customers.income_usd / np.array(config.parameters.population.income_usd)[customers.segment]) ** (
        parameters.income_elasticity
    )
    log_median = np.log(np.array(parameters.amount_usd))
    is_discretionary = np.array([name in DISCRETIONARY for name in SPENDING])
    intent_factor = np.where(is_discretionary, np.log(np.array(parameters.intent_amount))[:, None], 0.0)
    log_amount = log_median[customers.segment[customer], kind] + np.log(income_factor)[customer]
    log_amount += intent_factor[intent[customer], kind]
    log_amount += np.array(parameters.amount_sigma)[kind] * normal(draw(Stream.SPENDING_AMOUNT))
    signs = np.array([sign for _, _, sign in KINDS])
    return Transactions(
        customer=customer,
        kind=kind,
        ordinal=ordinal,
        day=month.first_day + day,
        second=8 * 3_600 + (draw(Stream.SPENDING_SECOND) * 15 * 3_600).astype(np.int64),
        cents=signs[kind] * np.maximum(np.round(np.exp(log_amount) * 100), 1).astype(np.int64),
    )


def _workday(month: Month, day_of_month: int) -> int:
    """Return the day number of the last working day up to a day of the month."""
    day = month.first_day + day_of_month - 1
    return day - max(0, int(month.weekdays()[day_of_month - 1]) - _FRIDAY)


def _fixed(
    config: WorldConfig, customers: Customers, month: Month, held: BoolArray, is_active: BoolArray
) -> list[Transactions]:
    """Return income, housing, bills, card payments and interest."""
    parameters, population = config.parameters.spending, config.parameters.population
    income, segment = customers.income_usd, customers.segment
    has_main = is_active & held[:, _CHECKING]
    has_salary = has_main & ~customers.is_pension

    def item(
        kind: int, chosen: BoolArray, day: int, usd: FloatArray, spread: float = 0.0, ordinal: int = 0
    ) -> Transactions:
        return _item(config, customers, month, kind, chosen, day, usd, spread, ordinal)

    phase = uniform(keys(config.seed, customers.number, Stream.PAY_SCHEDULE), 2) < 0.5
    fridays = month.first_day + np.flatnonzero(month.weekdays() == _FRIDAY)
    items = []
    for ordinal, friday in enumerate(fridays.tolist()):
        is_payday = phase == (((friday - _PAYDAY) // 7) % 2 == 0)
        items.append(
            item(SALARY, has_salary & customers.is_biweekly & is_payday, friday, income * 12 / 26, 0.0, ordinal)
        )
    last_workday = _workday(month, month.days)
    items.append(item(SALARY, has_salary & ~customers.is_biweekly, last_workday, income, 0.0, len(fridays)))
    items.append(item(PENSION, has_main & customers.is_pension, _workday(month, 3), income))
    items.append(item(OUTSIDE_INCOME, is_active & ~held[:, _CHECKING], _workday(month, 5), income * _OUTSIDE_SHARE))
    housing_usd = income * np.array(population.housing_cost)[segment]
    items.append(item(RENT, has_main & (customers.housing == 0), month.first_day, housing_usd))
    items.append(item(MORTGAGE, has_main & (customers.housing == 1), month.first_day + 2, housing_usd))
    bill_usd = np.array(parameters.utilities_usd)[segment] * parameters.utilities_season[month.calendar_month]
    items.append(item(POWER_BILL, has_main, month.first_day + 11, bill_usd * (1 - PHONE_SHARE), POWER_SIGMA))
    items.append(item(PHONE_BILL, has_main, month.first_day + 19, bill_usd * PHONE_SHARE, PHONE_SIGMA))
    for kind, name in CARD_KINDS.items():
        chosen = is_active & held[:, PRODUCTS.index(name)]
        items.append(item(kind, chosen, month.first_day + 14, income * parameters.card_payment_share, CARD_SIGMA))
    for kind, name in INTEREST_KINDS.items():
        chosen = is_active & held[:, PRODUCTS.index(name)]
        items.append(item(kind, chosen, month.last_day, np.array(parameters.interest_usd)[segment], INTEREST_SIGMA))
    return items


def _item(
    config: WorldConfig,
    customers: Customers,
    month: Month,
    kind: int,
    chosen: BoolArray,
    day: int,
    usd: FloatArray,
    spread: float,
    ordinal: int,
) -> Transactions:
    """Return one transaction for each chosen customer; ``spread`` is the standard deviation of its log amount."""
    customer = np.flatnonzero(chosen)
    number, step = customers.number[customer], pack(month.number, kind, ordinal)
    amount = usd[customer]
    if spread:
        amount = amount * np.exp(spread * normal(uniform(keys(config.seed, number, Stream.FIXED_AMOUNT), step)))
    second = 6 * 3_600 + (uniform(keys(config.seed, number, Stream.FIXED_SECOND), step) * 4 * 3_600).astype(np.int64)
    return Transactions(
        customer=customer,
        kind=np.full(customer.size, kind),
        ordinal=np.full(customer.size, ordinal),
        day=np.full(customer.size, day),
        second=second,
        cents=KINDS[kind][2] * np.maximum(np.round(amount * 100), 1).astype(np.int64),
    )
