"""Campaign waves: the logging policy, what a contact does, and which opening of a month comes first.

What belongs here: audience, arm, action, response and the contest between unprompted openings and conversions. The
policy depends on observed things alone, so an observer of the history learns nothing from who was contacted.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ml.simulator.calendar import DAY_S, Month, bank_to_utc, to_utc
from ml.simulator.catalogue import ZONES, BoolArray
from ml.simulator.config import WorldConfig
from ml.simulator.draws import FloatArray, IntArray, Stream, categorical, keys, pack, uniform
from ml.simulator.population import Customers
from ml.simulator.tables import make_tables, response_probabilities
from ml.simulator.vocabulary import CHANNELS, PRODUCTS

RESPONSES = ("none", "opened", "clicked", "converted", "opted_out")
NONE, OPENED, CLICKED, CONVERTED, OPTED_OUT = range(5)
OUTSIDE, CONTROL, TREATMENT = range(3)
WAVES = 2
WINDOW_DAYS = 14
SLOT_START_S = 8 * 3_600
SLOT_S = 3 * 3_600
_CONTROL_SECOND = 10 * 3_600
# Answers come before the next wave, which is sent 14 days later; opt-outs within the month.
LONGEST_WAIT_S = 13 * DAY_S
_LONGEST_OPT_OUT_S = 2 * DAY_S
SAME_DAY_S = 50 * 60
# Nothing is answered in the first minute; products are opened between 9 and 21 o'clock of the bank's zone.
ANSWER_FROM_S = 60
OPENING_FROM_S = 9 * 3_600
OPENING_S = 12 * 3_600
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Wave:
    """One wave of a chunk, arrays of shape (n,); fields other than arm, day, sent_at mean nothing outside treatment.

    Attributes
    ----------
    arm : array of int
        ``OUTSIDE`` the audience, ``CONTROL`` or ``TREATMENT``.
    day, sent_at : array of int
        The customer's send day and instant.
    product, channel, slot, intensity : array of int
        Positions in their vocabularies.
    action_probability : array of float
        With which the policy chose this action, or no contact.
    response : array of int
        What the contact itself led to, before unprompted openings are attributed.
    responded_at : array of int
        Its instant, -1 without one.
    opening_day : array of int
        Day of the conversion's opening, ``NEVER`` without one.
    is_put_off : array of bool
        Whether an unprompted opening within the window does not happen.
    """

    arm: IntArray
    day: IntArray
    sent_at: IntArray
    product: IntArray
    channel: IntArray
    slot: IntArray
    intensity: IntArray
    action_probability: FloatArray
    response: IntArray
    responded_at: IntArray
    opening_day: IntArray
    is_put_off: BoolArray


def policy_weights(
    eligible: BoolArray, allowed: BoolArray, consented: BoolArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return the policy's choices of product and channel.

    Parameters
    ----------
    eligible : array of bool, shape (n, J)
    allowed : array of bool, shape (J, channels)
        The catalogue's channels in the month.
    consented : array of bool, shape (n, channels)

    Returns
    -------
    product : array of float, shape (n, J)
        P(product), uniform among eligible products with a consented channel; all 0 if there is none.
    channel : array of float, shape (n, J, channels)
        P(channel | product), uniform.
    can_contact : array of bool, shape (n,)
    """
    mask = eligible[:, :, None] & allowed[None, :, :] & consented[:, None, :]
    channels = mask.sum(axis=2)
    products = (channels > 0).sum(axis=1)
    product = np.where(channels > 0, 1.0 / np.maximum(products, 1)[:, None], 0.0)
    channel = mask / np.maximum(channels, 1)[:, :, None]
    return product, channel, products > 0


def draw_wave(
    config: WorldConfig,
    customers: Customers,
    month: Month,
    wave: int,
    in_audience: BoolArray,
    policy: tuple[FloatArray, FloatArray, BoolArray],
    product_part: FloatArray,
    intent: IntArray,
    fatigue: FloatArray,
) -> Wave:
    """Draw one wave.

    Parameters
    ----------
    wave : int
        0 or 1.
    in_audience : array of bool, shape (n,)
        Who may be contacted, before the policy's own ``can_contact``.
    policy : tuple
        From ``policy_weights``.
    product_part : array of float, shape (n, J)
        The product's part of the log-odds of an answer.
    intent : array of int, shape (n,)
    fatigue : array of float, shape (n,)
    """
    campaigns, responses = config.parameters.campaigns, config.parameters.responses
    step = int(pack(month.number, wave))
    rows = np.arange(customers.count)

    def draw(stream: Stream) -> FloatArray:
        return uniform(keys(config.seed, customers.number, stream), step)

    product, channel, slot, intensity, probability = _choose_actions(config, policy, draw)
    is_control = draw(Stream.ARM) < campaigns.control_share
    arm = np.where(in_audience & policy[2], np.where(is_control, CONTROL, TREATMENT), OUTSIDE)
    tables = make_tables(config.parameters)
    log_odds = tables.answer[customers.segment, customers.trait, intent, channel, slot, intensity]
    log_odds = log_odds + product_part[rows, product] + responses.fatigue * fatigue
    opt_out = tables.opt_out[customers.trait, intensity] * np.exp(responses.opt_out_fatigue * fatigue)
    chances = response_probabilities(config.parameters, log_odds, intent, opt_out, channel)
    response = np.where(arm == TREATMENT, categorical(draw(Stream.RESPONSE), chances), NONE)
    put_off = np.array(responses.put_off)[customers.trait, intensity]
    day = month.wave_days()[wave] + customers.send_offset
    sent_second = SLOT_START_S + slot * SLOT_S + (draw(Stream.SENT_SECOND) * (SLOT_S - 1)).astype(np.int64)
    control_at = bank_to_utc(day, np.full(day.size, _CONTROL_SECOND))
    sent_at = np.where(arm == TREATMENT, to_utc(day, sent_second, customers.zone, ZONES), control_at)
    u_delay, u_second = draw(Stream.RESPONSE_DELAY), draw(Stream.RESPONSE_SECOND)
    opening_day, responded_at = _response_times(config, response, day, sent_at, u_delay, u_second)
    return Wave(
        arm=arm,
        day=day,
        sent_at=sent_at,
        product=product,
        channel=channel,
        slot=slot,
        intensity=intensity,
        action_probability=np.where(arm == CONTROL, campaigns.control_share, probability),
        response=response,
        responded_at=responded_at,
        opening_day=opening_day,
        is_put_off=(arm == TREATMENT) & (draw(Stream.PUT_OFF) < put_off),
    )


def _choose_actions(
    config: WorldConfig, policy: tuple[FloatArray, FloatArray, BoolArray], draw: Callable[[Stream], FloatArray]
) -> tuple[IntArray, IntArray, IntArray, IntArray, FloatArray]:
    """Return product, channel, slot, intensity and the probability of a contact with them, each of shape (n,)."""
    campaigns = config.parameters.campaigns
    product_weights, channel_weights, _ = policy
    rows = np.arange(product_weights.shape[0])
    product = np.minimum(categorical(draw(Stream.ACTION_PRODUCT), product_weights), len(PRODUCTS) - 1)
    channel = categorical(draw(Stream.ACTION_CHANNEL), channel_weights[rows, product])
    channel = np.minimum(channel, len(CHANNELS) - 1)
    slot = categorical(draw(Stream.ACTION_SLOT), np.array(campaigns.slot_share))
    intensity = categorical(draw(Stream.ACTION_INTENSITY), np.array(campaigns.intensity_share))
    probability = (
        (1 - campaigns.control_share)
        * product_weights[rows, product]
        * channel_weights[rows, product, channel]
        * np.array(campaigns.slot_share)[slot]
        * np.array(campaigns.intensity_share)[intensity]
    )
    return product, channel, slot, intensity, probability


def _response_times(
    config: WorldConfig, response: IntArray, day: IntArray, sent_at: IntArray, u_delay: FloatArray, u_second: FloatArray
) -> tuple[IntArray, IntArray]:
    """Return (day of a conversion's opening, instant of the response)."""
    responses = config.parameters.responses
    quick = 1 - responses.late_share
    quick_s = np.minimum(-np.log(np.minimum(u_delay / quick, 1)) * responses.quick_days * DAY_S, LONGEST_WAIT_S)
    late_s = (u_delay - quick) / responses.late_share * LONGEST_WAIT_S
    wait = np.where(u_delay < quick, quick_s, late_s)
    wait = np.where(response == OPTED_OUT, u_delay**2 * _LONGEST_OPT_OUT_S, wait)
    delay = categorical(u_delay, np.array(responses.conversion_delay))
    later = opening_instant(day + delay, u_second)
    same_day = sent_at + ANSWER_FROM_S + (u_second * SAME_DAY_S).astype(np.int64)
    converted_at = np.where(delay == 0, same_day, later)
    is_converted = response == CONVERTED
    responded_at = np.where(is_converted, converted_at, sent_at + ANSWER_FROM_S + wait.astype(np.int64))
    return np.where(is_converted, day + delay, NEVER), np.where(response == NONE, -1, responded_at)


def opening_instant(day: IntArray, u: FloatArray) -> IntArray:
    """Return an instant between 9 and 21 o'clock of the bank's zone."""
    return bank_to_utc(day, OPENING_FROM_S + (u * OPENING_S).astype(np.int64))


@dataclass(frozen=True)
class Unprompted:
    """Openings that would happen without any contact, arrays of shape (n,).

    Attributes
    ----------
    product : array of int
        Position in ``PRODUCTS``.
    day : array of int
        Day, ``NEVER`` = none.
    """

    product: IntArray
    day: IntArray


def draw_unprompted(
    config: WorldConfig, customers: Customers, month: Month, probability: FloatArray, weights: FloatArray
) -> Unprompted:
    """Draw the month's unprompted opening: at most one, on any day alike.

    Parameters
    ----------
    probability : array of float, shape (n,)
        0 for customers who are gone.
    weights : array of float, shape (n, J)
        P(product | opening); a row of zeros = nothing may be opened.
    """
    u = uniform(keys(config.seed, customers.number, Stream.OPENING), pack(month.number))
    # One draw decides both whether and what: u / probability is uniform given that something is opened.
    opens = (u < probability) & (weights.sum(axis=1) > 0)
    product = np.minimum(
        categorical(np.where(opens, u / np.maximum(probability, 1e-12), 0.0), weights), len(PRODUCTS) - 1
    )
    day_u = uniform(keys(config.seed, customers.number, Stream.OPENING_DAY), pack(month.number))
    day = month.first_day + (day_u * month.days).astype(np.int64)
    return Unprompted(product, np.where(opens, day, NEVER))


def suppress_put_off(unprompted: Unprompted, wave: Wave) -> Unprompted:
    """Return unprompted openings without those that the wave's contact put off."""
    is_in_window = (unprompted.day >= wave.day) & (unprompted.day < wave.day + WINDOW_DAYS)
    return Unprompted(unprompted.product, np.where(wave.is_put_off & is_in_window, NEVER, unprompted.day))
