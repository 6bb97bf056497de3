"""App and web events, service events and changes of consent of one month.

What belongs here: what customers do without a message. Counts and topics of views depend on the month's intent, on
segment and trait, and on what was viewed before; the rest depends on the segment or on nothing latent.
"""

from dataclasses import dataclass

import numpy as np

from ml.simulator.calendar import BANK_ZONE, DAY_S, Month, bank_to_utc, to_utc, zone_offsets
from ml.simulator.catalogue import ZONES, BoolArray
from ml.simulator.config import WorldConfig
from ml.simulator.draws import FloatArray, IntArray, Stream, categorical, keys, pack, poisson, uniform
from ml.simulator.population import Customers
from ml.simulator.vocabulary import CHANNELS, EVENT_TYPES, SERVICE_TYPES, TOPICAL_FROM, TOPICS

FIRST_HOUR_S = 6 * 3_600
_BLOCK_S = 3 * 3_600
_EVENING_S = 6 * 3_600
NO_DAY = -1
# What ends a service event; the others stay.
CLOSED_BY = {
    "complaint_opened": "complaint_closed",
    "dispute_opened": "dispute_closed",
    "hardship_started": "hardship_ended",
}
LONGEST_CASE_DAYS = 60


@dataclass(frozen=True)
class Views:
    """App and web events of a month, one element per event.

    Attributes
    ----------
    customer : array of int
        Position in the chunk.
    kind : array of int
        Position in ``EVENT_TYPES``.
    ordinal : array of int
        0, 1, ... within customer, month and kind.
    topic : array of int
        Position in ``TOPICS``; -1 = service.
    """

    customer: IntArray
    kind: IntArray
    ordinal: IntArray
    topic: IntArray


@dataclass(frozen=True)
class ServiceCases:
    """Service events that started in a month, arrays of shape (n, service types).

    Attributes
    ----------
    day : array of int
        First day; -1 = none.
    end_day : array of int
        Last day of the case; -1 = it stays, or there is none.
    """

    day: IntArray
    end_day: IntArray

    def first_day(self) -> IntArray:
        """Return the first day of a case per customer, a day beyond all time where there is none."""
        return np.where(self.day == NO_DAY, np.iinfo(np.int64).max, self.day).min(axis=1)


def expand(counts: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return (row, column, ordinal) of every unit of a table of counts, shape (n, k)."""
    flat = counts.ravel()
    cell = np.repeat(np.arange(flat.size), flat)
    starts = np.cumsum(flat) - flat
    ordinal = np.arange(cell.size) - starts[cell]
    return cell // counts.shape[1], cell % counts.shape[1], ordinal


def event_rates(config: WorldConfig, segment: IntArray, trait: IntArray, intent: IntArray) -> FloatArray:
    """Return the mean count of each event type in a month, shape (n, types)."""
    parameters = config.parameters.events
    rates = np.array(parameters.rate)[intent] * np.array(parameters.segment_factor)[segment][:, None]
    for name in ("rates_viewed", "calculator_used"):
        rates[:, EVENT_TYPES.index(name)] *= np.array(parameters.price_check)[trait]
    return rates


def draw_views(
    config: WorldConfig, customers: Customers, month: Month, rates: FloatArray, topic_weights: FloatArray
) -> Views:
    """Draw how often each type of event happens in a month, and each view's topic.

    Parameters
    ----------
    rates : array of float, shape (n, types)
        0 for customers who are gone.
    topic_weights : array of float, shape (n, topics)
    """
    key = keys(config.seed, customers.number, Stream.EVENT_COUNT)[:, None]
    counts = poisson(uniform(key, pack(month.number, np.arange(len(EVENT_TYPES)))), rates)
    customer, kind, ordinal = expand(counts)
    topic = np.full(customer.size, -1, dtype=np.int64)
    topical = kind >= TOPICAL_FROM
    who = customer[topical]
    topic_key = keys(config.seed, customers.number, Stream.EVENT_TOPIC)[who]
    u = uniform(topic_key, pack(month.number, kind[topical], ordinal[topical]))
    topic[topical] = categorical(u, topic_weights[who])
    return Views(customer, kind, ordinal, topic)


def topic_counts(views: Views, count: int) -> FloatArray:
    """Return views per customer and topic, shape (count, topics)."""
    topical = views.topic >= 0
    cell = views.customer[topical] * len(TOPICS) + views.topic[topical]
    return np.bincount(cell, minlength=count * len(TOPICS)).reshape(count, len(TOPICS)).astype(np.float64)


def place_views(
    config: WorldConfig, customers: Customers, month: Month, views: Views
) -> tuple[IntArray, IntArray, IntArray]:
    """Return (bank day, instant, is app) of each view: day of the week, part of the day, channel."""
    parameters = config.parameters.events
    who = views.customer
    step = pack(month.number, views.kind, views.ordinal)
    day_weight = np.where(month.weekdays() >= 5, parameters.weekend, 1.0)
    day = month.first_day + categorical(
        uniform(keys(config.seed, customers.number, Stream.EVENT_DAY)[who], step), day_weight
    )
    u = uniform(keys(config.seed, customers.number, Stream.EVENT_SECOND)[who], step)
    second = np.zeros(who.size, dtype=np.int64)
    segment = customers.segment[who]
    for index, hours in enumerate(parameters.hours):
        edges = np.concatenate([[0.0], np.cumsum(hours) / sum(hours)])
        chosen = segment == index
        second[chosen] = FIRST_HOUR_S + np.interp(u[chosen], edges, np.arange(7) * _BLOCK_S).astype(np.int64)
    zone = customers.zone[who]
    second = _within_bank_day(month, day, np.minimum(second, DAY_S - 1), zone)
    app_share = np.array(parameters.app_share)[segment]
    is_app = uniform(keys(config.seed, customers.number, Stream.EVENT_CHANNEL)[who], step) < app_share
    return day, to_utc(day, second, zone, ZONES), is_app.astype(np.int64)


def _within_bank_day(month: Month, day: IntArray, second: IntArray, zone: IntArray) -> IntArray:
    """Move late evenings of western customers to the afternoon: a row's day is the same in the bank's zone."""
    bank = zone_offsets(BANK_ZONE, month.first_day, month.days)
    behind = np.stack([bank - zone_offsets(name, month.first_day, month.days) for name in ZONES])
    is_late = second + behind[zone, day - month.first_day] >= DAY_S
    return np.where(is_late, second - _EVENING_S, second)


def draw_cases(config: WorldConfig, customers: Customers, month: Month) -> ServiceCases:
    """Draw complaints, disputes, hardship and the like that start in a month."""
    parameters = config.parameters.service
    step = pack(month.number, np.arange(len(SERVICE_TYPES)))

    def draw(stream: Stream) -> FloatArray:
        return uniform(keys(config.seed, customers.number, stream)[:, None], step)

    starts = draw(Stream.SERVICE) < np.array(parameters.start)
    day = np.where(starts, month.first_day + (draw(Stream.SERVICE_DAY) * month.days).astype(np.int64), NO_DAY)
    mean_days = np.array(parameters.mean_days)
    length = np.minimum(1 - mean_days * np.log(draw(Stream.SERVICE_LENGTH)), LONGEST_CASE_DAYS).astype(np.int64)
    return ServiceCases(day, np.where(starts & (mean_days > 0), day + length, NO_DAY))


def case_instants(config: WorldConfig, customers: Customers, month: Month, days: IntArray, is_end: bool) -> IntArray:
    """Return instants in office hours of the bank's zone on ``days``, shape (n, service types); -1 where no day."""
    step = pack(month.number, np.arange(len(SERVICE_TYPES)), 2 + int(is_end))
    u = uniform(keys(config.seed, customers.number, Stream.SERVICE_DAY)[:, None], step)
    second = 9 * 3_600 + (u * 8 * 3_600).astype(np.int64)
    instants = bank_to_utc(np.maximum(days, month.first_day).ravel(), second.ravel()).reshape(days.shape)
    return np.where(days == NO_DAY, NO_DAY, instants)


def draw_consent_changes(
    config: WorldConfig, customers: Customers, month: Month, consented: BoolArray
) -> tuple[IntArray, IntArray]:
    """Draw changes of consent that no message caused.

    Returns
    -------
    day, instant : array of int, shape (n, channels)
        When the consent turns into its opposite; -1 = no change.
    """
    parameters = config.parameters.service
    step = pack(month.number, np.arange(len(CHANNELS)))
    u = uniform(keys(config.seed, customers.number, Stream.CONSENT_CHANGE)[:, None], step)
    changes = u < np.where(consented, parameters.withdraw, parameters.grant)
    day_key = keys(config.seed, customers.number, Stream.CONSENT_CHANGE_DAY)[:, None]
    day = month.first_day + (uniform(day_key, step) * month.days).astype(np.int64)
    second = 9 * 3_600 + (uniform(day_key, step + len(CHANNELS)) * 12 * 3_600).astype(np.int64)
    instant = bank_to_utc(day.ravel(), second.ravel()).reshape(day.shape)
    return np.where(changes, day, NO_DAY), np.where(changes, instant, NO_DAY)
