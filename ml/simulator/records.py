"""The files' rows as Arrow tables, from a chunk's draws.

What belongs here: one function per file of the input contract. Rows are sorted by customer and instant, and carry
their day in the bank's zone, so that a history and a night choose from the same rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ml.simulator.activity import CLOSED_BY, NO_DAY, case_instants, place_views
from ml.simulator.attribution import Contacts
from ml.simulator.balances import Accounts, balances_after, next_month, open_accounts
from ml.simulator.calendar import Month, bank_to_utc
from ml.simulator.campaigns import OPTED_OUT, RESPONSES, TREATMENT
from ml.simulator.catalogue import STATES, ZONES, BoolArray
from ml.simulator.columns import codes, customer_ids, dates, instants, integers, money, texts
from ml.simulator.config import WorldConfig
from ml.simulator.draws import IntArray
from ml.simulator.history import MonthDraws
from ml.simulator.population import FIRST_NAMES, Customers
from ml.simulator.spending import KINDS, Transactions, draw_transactions
from ml.simulator.vocabulary import CHANNELS, EVENT_TYPES, INTENSITIES, PRODUCTS, SERVICE_TYPES, TOPICS

Keep = Callable[[IntArray], np.ndarray]
"""Which bank days are wanted."""

_CATEGORIES = tuple(kind[0] for kind in KINDS)
_COUNTERPARTIES = tuple(kind[1] for kind in KINDS)
_TRANSACTION_PARTS = ("customer", "month", "kind", "ordinal", "at", "cents", "balance")
_CASE_TYPES = (*SERVICE_TYPES, *(CLOSED_BY.get(name, "") for name in SERVICE_TYPES), "deceased", "opted_out")
_ALL_EVENT_TYPES = (*EVENT_TYPES, *_CASE_TYPES)
_ALL_TOPICS = (*TOPICS, "service")
_SERVICE_TOPIC = len(TOPICS)
_EVENT_CHANNELS = (*CHANNELS, "app", "web")
_ARMS = ("", "control", "treatment")
_EVIDENCE = {
    "email": "I agree to receive marketing e-mails from Harbor Bank.",
    "sms": "I agree to receive marketing text messages from Harbor Bank. Consent is not a condition of purchase.",
    "push": "I agree to receive offers from Harbor Bank as push notifications.",
    "in_app": "Show me offers from Harbor Bank in the app.",
}
_CONSENT_SOURCES = ("account_opening", "app_settings", "preference_centre", "message_link")
_OPENED, _APP_SETTINGS, _PREFERENCES, _MESSAGE_LINK = range(len(_CONSENT_SOURCES))


def customers_table(customers: Customers) -> pa.Table:
    """Return the rows of customers.csv."""
    return pa.table(
        {
            "customer_id": customer_ids(customers.number),
            "joined_on": dates(customers.joined_day),
            "first_name": codes(customers.first_name, FIRST_NAMES),
            "birth_date": dates(customers.birth_day),
            "household_id": texts(["H", (customers.household, 7)], customers.count),
            "state": codes(customers.state, STATES),
            "timezone": codes(customers.zone, ZONES),
            "language": codes(np.zeros(customers.count, dtype=np.int64), ("en",)),
        }
    )


def transactions_table(
    config: WorldConfig, customers: Customers, months: list[MonthDraws], keep: Keep, rows_from: int = 0
) -> pa.Table:
    """Return the transactions of the wanted days, each with the balance after it.

    Parameters
    ----------
    months : list of MonthDraws
        From the history's first on: a balance is the sum of all that came before.
    rows_from : int
        Number of the first month whose rows are looked at; earlier ones count in the balance only.
    """
    columns: dict[str, list[IntArray]] = {name: [] for name in _TRANSACTION_PARTS}
    accounts = open_accounts(config, customers)
    for draws in months:
        rows = draw_transactions(config, customers, draws.month, draws.intent, draws.start.held, draws.is_active)
        if draws.month.number >= rows_from:
            _add_transactions(columns, accounts, draws.month, rows, keep)
        accounts = next_month(config, accounts, rows.customer, rows.cents)
    flat = {name: np.concatenate(parts) for name, parts in columns.items()}
    order = np.argsort(flat["customer"], kind="stable")
    flat = {name: values[order] for name, values in flat.items()}
    number = customers.number[flat["customer"]]
    key = [*_key_parts("T", number, flat["month"]), (flat["kind"], 2), "-", (flat["ordinal"], 3)]
    return pa.table(
        {
            "transaction_id": texts(key, number.size),
            "customer_id": customer_ids(number),
            "posted_at": instants(flat["at"]),
            "amount": money(flat["cents"]),
            "category": codes(flat["kind"], _CATEGORIES),
            "counterparty_type": codes(flat["kind"], _COUNTERPARTIES),
            "balance_usd": money(flat["balance"]),
        }
    )


def _add_transactions(
    columns: dict[str, list[IntArray]], accounts: Accounts, month: Month, rows: Transactions, keep: Keep
) -> None:
    """Add a month's wanted rows, sorted by customer and instant, with the balance after each."""
    at = bank_to_utc(rows.day, rows.second)
    order = np.lexsort((rows.ordinal, rows.kind, at, rows.customer))
    customer, cents = rows.customer[order], rows.cents[order]
    balance = balances_after(accounts, customer, cents)
    chosen = keep(rows.day[order])
    number = np.full(customer.size, month.number)
    values = (customer, number, rows.kind[order], rows.ordinal[order], at[order], cents, balance)
    for name, of in zip(_TRANSACTION_PARTS, values, strict=True):
        columns[name].append(of[chosen])


def _key_parts(letter: str, number: IntArray, month: IntArray) -> list:
    """Return the parts of a key: letter, customer, two digits of the year and the month."""
    return [letter, (number, 7), "-", (month // 12 % 100, 2), (month % 12 + 1, 2), "-"]


@dataclass
class _EventRows:
    """Rows of events gathered from their sources, lists of arrays of one length each."""

    customer: list[IntArray]
    month: list[IntArray]
    kind: list[IntArray]
    ordinal: list[IntArray]
    at: list[IntArray]
    topic: list[IntArray]
    channel: list[IntArray]

    def add(
        self, month: Month, customer: IntArray, kind: IntArray, ordinal: IntArray, at: IntArray, topic: IntArray,
        channel: IntArray,
    ) -> None:  # fmt: skip
        """Add rows of one month."""
        self.month.append(np.full(customer.size, month.number))
        for name, values in (
            ("customer", customer), ("kind", kind), ("ordinal", ordinal), ("at", at), ("topic", topic),
            ("channel", channel),
        ):  # fmt: skip
            getattr(self, name).append(values)


def events_table(
    config: WorldConfig, customers: Customers, months: list[MonthDraws], keep: Keep, views_from: int = 0
) -> pa.Table:
    """Return the events of the wanted days.

    Parameters
    ----------
    views_from : int
        Number of the first month whose views are looked at; cases of all months are, for they end later.
    """
    rows = _EventRows([], [], [], [], [], [], [])
    for draws in months:
        if draws.month.number >= views_from:
            _add_views(rows, config, customers, draws, keep)
        _add_cases(rows, config, customers, draws, keep)
        _add_opt_outs(rows, draws, keep)
    flat = {name: np.concatenate(getattr(rows, name)) for name in _EventRows.__dataclass_fields__}
    order = np.lexsort((flat["ordinal"], flat["kind"], flat["month"], flat["at"], flat["customer"]))
    flat = {name: values[order] for name, values in flat.items()}
    number = customers.number[flat["customer"]]
    key = [*_key_parts("E", number, flat["month"]), (flat["kind"], 2), "-", (flat["ordinal"], 3)]
    return pa.table(
        {
            "event_id": texts(key, number.size),
            "customer_id": customer_ids(number),
            "occurred_at": instants(flat["at"]),
            "event_type": codes(flat["kind"], _ALL_EVENT_TYPES),
            "topic": codes(flat["topic"], _ALL_TOPICS),
            "channel": codes(flat["channel"], _EVENT_CHANNELS),
        }
    )


def _add_views(rows: _EventRows, config: WorldConfig, customers: Customers, draws: MonthDraws, keep: Keep) -> None:
    views = draws.views
    day, at, is_app = place_views(config, customers, draws.month, views)
    chosen = keep(day)
    topic = np.where(views.topic < 0, _SERVICE_TOPIC, views.topic)
    channel = len(CHANNELS) + 1 - is_app
    rows.add(
        draws.month, views.customer[chosen], views.kind[chosen], views.ordinal[chosen], at[chosen], topic[chosen],
        channel[chosen],
    )  # fmt: skip


def _add_cases(rows: _EventRows, config: WorldConfig, customers: Customers, draws: MonthDraws, keep: Keep) -> None:
    for is_end, days in ((False, draws.cases.day), (True, draws.cases.end_day)):
        at = case_instants(config, customers, draws.month, days, is_end)
        customer, case = np.nonzero((days != NO_DAY) & keep(days))
        kind = len(EVENT_TYPES) + case + len(SERVICE_TYPES) * is_end
        _add_service(rows, draws.month, customer, kind, at[customer, case])
    last = np.full(draws.intent.size, draws.month.last_day)
    customer = np.flatnonzero(draws.has_died & keep(last))
    kind = np.full(customer.size, _ALL_EVENT_TYPES.index("deceased"))
    _add_service(rows, draws.month, customer, kind, bank_to_utc(last[customer], np.full(customer.size, 17 * 3_600)))


def _add_service(rows: _EventRows, month: Month, customer: IntArray, kind: IntArray, at: IntArray) -> None:
    zeros = np.zeros(customer.size, dtype=np.int64)
    rows.add(month, customer, kind, zeros, at, zeros + _SERVICE_TOPIC, zeros - 1)


def _add_opt_outs(rows: _EventRows, draws: MonthDraws, keep: Keep) -> None:
    kind = _ALL_EVENT_TYPES.index("opted_out")
    for number, wave in enumerate(draws.waves):
        customer = np.flatnonzero(wave.response == OPTED_OUT)
        at = wave.responded_at[customer]
        wanted = keep(bank_days(at))
        customer, at = customer[wanted], at[wanted]
        same = np.ones(customer.size, dtype=np.int64)
        rows.add(draws.month, customer, kind * same, number * same, at, _SERVICE_TOPIC * same, wave.channel[customer])


def bank_days(at: IntArray) -> IntArray:
    """Return the day of each instant in the bank's zone; -1 for -1."""
    if at.size == 0:
        return at
    first = int(at.max(initial=0)) // 86_400 - 400
    midnights = bank_to_utc(np.arange(first, first + 405), np.zeros(405, dtype=np.int64))
    return np.where(at < 0, -1, first - 1 + np.searchsorted(midnights, at, side="right"))


def consents_table(customers: Customers, months: list[MonthDraws], keep: Keep, with_first: bool) -> pa.Table:
    """Return grants and withdrawals on the wanted days, those of joining with ``with_first``."""
    who: list[IntArray] = []
    channel: list[IntArray] = []
    is_granted: list[IntArray] = []
    at: list[IntArray] = []
    source: list[IntArray] = []

    def add(customer: IntArray, of: IntArray, is_grant: BoolArray, instant: IntArray, where: int) -> None:
        who.append(customer)
        channel.append(of)
        is_granted.append(is_grant.astype(np.int64))
        at.append(instant)
        source.append(np.full(customer.size, where))

    if with_first:
        customer, of = np.nonzero(customers.consented)
        noon = np.full(customer.size, 12 * 3_600)
        add(
            customer, of, np.ones(customer.size, dtype=bool), bank_to_utc(customers.joined_day[customer], noon), _OPENED
        )
        customer, of = np.nonzero(customers.lapsed_day != NO_DAY)
        lapsed = bank_to_utc(customers.lapsed_day[customer, of], np.full(customer.size, 15 * 3_600))
        add(customer, of, np.zeros(customer.size, dtype=bool), lapsed, _APP_SETTINGS)
    for draws in months:
        opted_out = np.zeros(draws.consent_day.shape, dtype=bool)
        for wave in draws.waves:
            customer = np.flatnonzero(wave.response == OPTED_OUT)
            opted_out[customer, wave.channel[customer]] = True
            customer = customer[keep(bank_days(wave.responded_at[customer]))]
            add(
                customer,
                wave.channel[customer],
                np.zeros(customer.size, dtype=bool),
                wave.responded_at[customer],
                _MESSAGE_LINK,
            )
        customer, of = np.nonzero((draws.consent_day != NO_DAY) & keep(draws.consent_day) & ~opted_out)
        add(customer, of, ~draws.start.consented[customer, of], draws.consent_at[customer, of], _PREFERENCES)
    flat = [np.concatenate(one) for one in (who, channel, is_granted, at, source)]
    order = np.lexsort((flat[1], flat[3], flat[0]))
    customer, of, granted, instant, where = (one[order] for one in flat)
    evidence = tuple(_EVIDENCE[name] for name in CHANNELS)
    return pa.table(
        {
            "customer_id": customer_ids(customers.number[customer]),
            "channel": codes(of, CHANNELS),
            "purpose": codes(np.zeros(of.size, dtype=np.int64), ("marketing",)),
            "status": codes(granted, ("withdrawn", "granted")),
            "changed_at": instants(instant),
            "source": codes(where, _CONSENT_SOURCES),
            "evidence_text": codes(np.where(granted == 1, of, -1), evidence),
        }
    )


def holdings_table(customers: Customers, months: list[MonthDraws], keep: Keep, with_first: bool) -> pa.Table:
    """Return products opened or closed on the wanted days.

    With ``with_first`` also those held at the start; a row shows a closing only when that day is wanted.
    """
    rows: list[tuple[IntArray, ...]] = []
    opened_day = customers.opened_day.copy()
    is_told = np.where(customers.held, with_first, False)
    for draws in months:
        opener = np.flatnonzero(draws.opening_product >= 0)
        product = draws.opening_product[opener]
        opened_day[opener, product] = draws.opening_day[opener]
        is_told[opener, product] = keep(draws.opening_day[opener])
        closer, of = np.nonzero(draws.closed_day != NO_DAY)
        closed = draws.closed_day[closer, of]
        is_closing_told = keep(closed)
        told = is_told[closer, of] | is_closing_told
        rows.append(
            (closer[told], of[told], opened_day[closer, of][told], np.where(is_closing_told, closed, NO_DAY)[told])
        )
        is_told[closer, of] = False
    holder, of = np.nonzero(is_told)
    rows.append((holder, of, opened_day[holder, of], np.full(holder.size, NO_DAY)))
    customer, of, opened, closed = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    order = np.lexsort((of, opened, customer))
    return pa.table(
        {
            "customer_id": customer_ids(customers.number[customer[order]]),
            "product_id": codes(of[order], PRODUCTS),
            "opened_on": dates(opened[order]),
            "closed_on": dates(closed[order], closed[order] == NO_DAY),
        }
    )


def contacts_table(customers: Customers, contacts: Contacts, known_until: int, known_before: int | None) -> pa.Table:
    """Return contacts as known at an instant.

    Parameters
    ----------
    known_until : int
        Instant, exclusive: rows sent before it, with what was answered before it.
    known_before : int or None
        If given, only rows sent, or changed, since that instant.
    """
    response, responded_at = contacts.known_at(known_until)
    chosen = contacts.sent_at < known_until
    if known_before is not None:
        before_response, before_at = contacts.known_at(known_before)
        is_changed = (response != before_response) | (responded_at != before_at)
        chosen &= (contacts.sent_at >= known_before) | is_changed
    position = np.flatnonzero(chosen)
    position = position[np.lexsort((contacts.sent_at[position], contacts.customer[position]))]
    number = customers.number[contacts.customer[position]]
    is_treated = contacts.arm[position] == TREATMENT

    def action(name: str) -> IntArray:
        return np.where(is_treated, getattr(contacts, name)[position], -1)

    key = [*_key_parts("K", number, contacts.month[position]), (contacts.wave[position] + 1, 1)]
    return pa.table(
        {
            "contact_id": texts(key, number.size),
            "customer_id": customer_ids(number),
            "sent_at": instants(contacts.sent_at[position]),
            "product_id": codes(action("product"), PRODUCTS),
            "channel": codes(action("channel"), CHANNELS),
            "send_slot": integers(action("slot"), ~is_treated),
            "intensity": codes(action("intensity"), INTENSITIES),
            "arm": codes(contacts.arm[position], _ARMS),
            "action_probability": pa.array(np.round(contacts.action_probability[position], 12)),
            "response": codes(response[position], RESPONSES),
            "responded_at": instants(responded_at[position]),
        }
    )
