"""The ideal observer equals brute force, knows no more than the files show, and its probabilities come true."""

import numpy as np
import pytest

from ml.simulator.attribution import contacts_of
from ml.simulator.calendar import Month, bank_day_end, day_date
from ml.simulator.campaigns import CLICKED, CONVERTED, NEVER, OPENED, OPTED_OUT, TREATMENT
from ml.simulator.config import WorldConfig
from ml.simulator.history import simulate
from ml.simulator.observer.belief import believe
from ml.simulator.observer.seen import MOVED_PART, hide, see_months
from ml.simulator.population import draw_customers
from ml.simulator.spending import draw_transactions
from tests.unit import observer_enumeration as enumeration

COUNT = 4_000
CONFIG = WorldConfig(customers=COUNT)
ENUMERATED = WorldConfig(customers=COUNT, history_start="2025-07-01", history_end="2025-09-30")


def drawn(config: WorldConfig, numbers):
    customers = draw_customers(config, numbers)
    months = list(simulate(config, customers, Month.of(config.history_end)))
    paid = [draw_transactions(config, customers, d.month, d.intent, d.start.held, d.is_active) for d in months]
    seen = see_months(config, customers, months, contacts_of(months), paid)
    return customers, months, seen


def beliefs(config: WorldConfig, customers, seen):
    return list(believe(config, hide(customers), seen))


@pytest.fixture(scope="module")
def short_world():
    return drawn(ENUMERATED, np.arange(1, COUNT + 1))


def _cases(customers, months, seen) -> dict[str, np.ndarray]:
    """Return, by what is special about them, who the month or the world treats so."""
    cases: dict[str, list[np.ndarray]] = {}

    def note(name: str, chosen: np.ndarray) -> None:
        cases.setdefault(name, []).append(np.flatnonzero(chosen))

    note("no checking account at first", ~months[0].start.held[:, 0] & months[2].start.held[:, 0])
    note("western evening", (seen[0].day_parts[:, MOVED_PART] > 1) & (customers.zone == 3))
    note("longest tenure", (customers.birth_day + 17 * 365 + 5 >= customers.joined_day))
    note("gone after the first month", months[1].start.is_gone)
    for index, draws in enumerate(months):
        end = bank_day_end(day_date(draws.month.last_day))
        opened = draws.opening_product >= 0
        for number, wave in enumerate(draws.waves):
            treated, shown = wave.arm == TREATMENT, seen[index].waves[number].response
            same = treated & opened & (draws.opening_day == wave.day) & (shown == CONVERTED)
            note("conversion shown on the send day", same)
            note("opening before the message", same & (wave.response != CONVERTED)
                 & (seen[index].waves[number].responded_at == wave.sent_at + 60))  # fmt: skip
            note("conversion made void", treated & (wave.response == CLICKED) & (wave.opening_day != NEVER)
                 & (shown == CLICKED))  # fmt: skip
            note("credited", treated & (wave.response != CONVERTED) & (shown == CONVERTED))
            note("click under an opening", treated & (shown == CLICKED) & opened & (draws.opening_day >= wave.day))
            note("opted out, then opened", treated & (wave.response == OPTED_OUT) & opened)
            note("still to come", treated & np.isin(wave.response, (OPENED, CLICKED)) & (wave.responded_at >= end))
            later = seen[index].waves[number].later
            note("hidden by next month's opening", treated & (shown != CONVERTED) & (later < 0) & (index < 2)
                 & np.isin(wave.response, (OPENED, CLICKED)) & (wave.responded_at >= end))  # fmt: skip
            note("hidden a month later", treated & (shown != CONVERTED) & (later < 0) & (index < 2))
        note(
            "quiet under two contacts", (draws.waves[0].arm == TREATMENT) & (draws.waves[1].arm == TREATMENT) & ~opened
        )
        note("control, then opened", (draws.waves[0].arm == 1) & opened)
    return {name: np.unique(np.concatenate(parts)) for name, parts in cases.items()}


def test_posterior_equals_the_enumeration_of_everything_hidden(short_world):
    customers, months, seen = short_world
    cases = _cases(customers, months, seen)
    missing = {name for name, chosen in cases.items() if chosen.size == 0}
    print(missing, {k: v.size for k, v in cases.items()})
    chosen = sorted({int(who[0]) for who in cases.values() if who.size})
    found = beliefs(ENUMERATED, customers, seen)
    for position in chosen:
        expected = enumeration.posteriors(ENUMERATED, customers, months, position)
        for month, belief in enumerate(found):
            print(
                position,
                [n for n, w in cases.items() if w.size and w[0] == position],
                month,
                np.abs(belief.states[position] - expected[month]).max(),
            )
