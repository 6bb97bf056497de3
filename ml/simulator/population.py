"""Who the customers are: latent classes, what is observed of them once, and what they hold at the start.

What belongs here: everything drawn once per customer. Given the segment all of it is independent of trait and intent.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.simulator.calendar import Month, day_number
from ml.simulator.catalogue import STATE_ZONES, STATES, BoolArray, load_catalogue
from ml.simulator.config import WorldConfig
from ml.simulator.draws import FloatArray, IntArray, Stream, categorical, keys, normal, uniform
from ml.simulator.vocabulary import CHANNELS, PRODUCTS

YEAR_DAYS = 365.25
_BLOCK = 4
# A wave is sent over so many days, Tuesday on; a customer's turn is always the same.
SEND_DAYS = 4

FIRST_NAMES = tuple(Path(__file__).with_name("first_names.txt").read_text(encoding="utf-8").split())


@dataclass(frozen=True)
class Customers:
    """A chunk of customers, arrays of shape (n,) unless said.

    Attributes
    ----------
    number : array of int
        Customer numbers from 1.
    segment, trait : array of int
        Latent classes.
    birth_day, joined_day : array of int
        Day numbers.
    state, zone : array of int
        Positions in ``STATES`` and ``ZONES``.
    household : array of int
        Number of the household's first customer.
    first_name : array of int
        Positions in ``FIRST_NAMES``.
    income_usd : array of float
        Income a month, whole cents.
    is_pension, is_biweekly : array of bool
        How income comes.
    housing : array of int
        0 rents, 1 pays a mortgage, 2 neither.
    held : array of bool, shape (n, J)
        Products held at the start of the history.
    opened_day : array of int, shape (n, J)
        When; -1 where not held.
    consented : array of bool, shape (n, channels)
        Consent once given before the history.
    lapsed_day : array of int, shape (n, channels)
        When it was withdrawn before the history; -1 where it was not.
    send_offset : array of int
        Days after a wave's first send day at which the customer's turn comes, 0 to 3.
    """

    number: IntArray
    segment: IntArray
    trait: IntArray
    birth_day: IntArray
    joined_day: IntArray
    state: IntArray
    zone: IntArray
    household: IntArray
    first_name: IntArray
    income_usd: FloatArray
    is_pension: BoolArray
    is_biweekly: BoolArray
    housing: IntArray
    held: BoolArray
    opened_day: IntArray
    consented: BoolArray
    lapsed_day: IntArray
    send_offset: IntArray

    @property
    def count(self) -> int:
        """Customers in the chunk."""
        return self.number.size

    def take(self, count: int) -> "Customers":
        """Return the first ``count`` customers of the chunk."""
        return Customers(**{name: getattr(self, name)[:count] for name in self.__dataclass_fields__})

    def age_years(self, month: Month) -> IntArray:
        """Return whole years of age on a month's first day (by years of 365.25 days, rounded down)."""
        return np.floor((month.first_day - self.birth_day) / YEAR_DAYS).astype(np.int64)


def draw_customers(config: WorldConfig, numbers: IntArray) -> Customers:
    """Draw a chunk of customers.

    Parameters
    ----------
    config : WorldConfig
    numbers : array of int, shape (n,)
        Customer numbers; a customer's draws depend on the own number and its block of four alone.
    """
    parameters = config.parameters.population

    def draw(stream: Stream, step: int | IntArray = 0, of: IntArray = numbers) -> FloatArray:
        return uniform(keys(config.seed, of, stream), step)

    segment = categorical(draw(Stream.SEGMENT), np.array(parameters.segment_share))
    trait = categorical(draw(Stream.TRAIT), np.array(parameters.trait_share)[segment])
    start = day_number(config.history_start)
    youngest, oldest = np.array(parameters.age_years)[segment].T
    age_days = ((youngest + (oldest - youngest) * draw(Stream.AGE)) * YEAR_DAYS).astype(np.int64)
    tenure_cap = np.minimum(age_days - 17 * YEAR_DAYS, 27 * YEAR_DAYS)
    tenure_days = -np.log(draw(Stream.TENURE)) * np.array(parameters.tenure_years)[segment] * YEAR_DAYS
    joined_day = start - 1 - np.minimum(tenure_days, tenure_cap).astype(np.int64)
    household = _households(config, numbers)
    state = categorical(draw(Stream.STATE, of=household), np.array(parameters.state_share))
    income = np.array(parameters.income_usd)[segment] * np.exp(parameters.income_sigma * normal(draw(Stream.INCOME)))
    housing_share = np.array(parameters.housing_share)[segment]
    housing_weights = np.column_stack([housing_share, 1 - housing_share.sum(axis=1)])
    pay = keys(config.seed, numbers, Stream.PAY_SCHEDULE)
    held = _first_holdings(config, numbers, segment, state, (age_days / YEAR_DAYS).astype(np.int64))
    holding_key = keys(config.seed, numbers, Stream.HOLDING_AGE)[:, None]
    since = (start - joined_day)[:, None] * uniform(holding_key, np.arange(len(PRODUCTS)))
    consented, lapsed_day = _first_consents(config, numbers, segment, joined_day)
    return Customers(
        number=numbers,
        segment=segment,
        trait=trait,
        birth_day=start - age_days,
        joined_day=joined_day,
        state=state,
        zone=_zones(state, draw(Stream.TIMEZONE, of=household)),
        household=household,
        first_name=(draw(Stream.FIRST_NAME) * len(FIRST_NAMES)).astype(np.int64),
        income_usd=np.round(income, 2),
        is_pension=uniform(pay) < np.array(parameters.pension_share)[segment],
        is_biweekly=uniform(pay, 1) < parameters.biweekly_share,
        housing=categorical(draw(Stream.HOUSING), housing_weights),
        held=held,
        opened_day=np.where(held, start - 1 - since.astype(np.int64), -1),
        consented=consented,
        lapsed_day=lapsed_day,
        send_offset=(draw(Stream.SEND_DAY) * SEND_DAYS).astype(np.int64),
    )


def _first_consents(
    config: WorldConfig, numbers: IntArray, segment: IntArray, joined_day: IntArray
) -> tuple[BoolArray, IntArray]:
    """Return consents given at joining and the days before the history on which they were withdrawn again, or -1."""
    parameters, start = config.parameters.population, day_number(config.history_start)
    channels = np.arange(len(CHANNELS))
    consent_key = keys(config.seed, numbers, Stream.CONSENT_FIRST)[:, None]
    consented = uniform(consent_key, channels) < np.array(parameters.consent_first)[segment]
    lapse_key = keys(config.seed, numbers, Stream.CONSENT_LAPSED)[:, None]
    has_lapsed = consented & (uniform(lapse_key, channels) < parameters.consent_lapsed)
    lapse_share = uniform(lapse_key, channels + len(CHANNELS))
    lapsed_day = start - 1 - (lapse_share * (start - joined_day - 1)[:, None]).astype(np.int64)
    return consented, np.where(has_lapsed & (joined_day < start - 1)[:, None], lapsed_day, -1)


def _households(config: WorldConfig, numbers: IntArray) -> IntArray:
    """Return the first member of each customer's household: blocks of four numbers, cut between neighbours."""
    position = (numbers - 1) % _BLOCK
    first = numbers - position
    household = numbers - position
    for place in range(1, _BLOCK):
        is_cut = uniform(keys(config.seed, first, Stream.HOUSEHOLD), place) < config.parameters.population.household_cut
        household = np.where((position >= place) & is_cut, first + place, household)
    return household


def _zones(state: IntArray, u: FloatArray) -> IntArray:
    """Return the zone of each customer; in a state that lies in two, one of them."""
    choices = [STATE_ZONES.get(name, (0,)) for name in STATES]
    counts = np.array([len(one) for one in choices])
    table = np.array([[one[min(k, len(one) - 1)] for k in range(counts.max())] for one in choices])
    return table[state, (u * counts[state]).astype(np.int64)]


def _first_holdings(
    config: WorldConfig, numbers: IntArray, segment: IntArray, state: IntArray, age_years: IntArray
) -> BoolArray:
    """Draw what is held at the start, product after product, prerequisites respected; everybody has an account."""
    catalogue = load_catalogue()
    chance = np.array(config.parameters.population.holding_first)[segment]
    key = keys(config.seed, numbers, Stream.HOLDING_FIRST)
    held = np.zeros((numbers.size, len(PRODUCTS)), dtype=bool)
    for product in range(len(PRODUCTS)):
        wanted = uniform(key, product) < chance[:, product]
        if product == 2:
            held[:, 0] |= ~held[:, 1]
        held[:, product] = wanted & catalogue.eligible(held, state, age_years)[:, product]
    return held
