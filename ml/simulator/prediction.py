"""Exact probabilities of a month that has not begun: its opening, and its first answered contact.

What belongs here: what follows from the parameters by summing over everything the month will draw (intent aside, which
the caller weighs): who is in a wave's audience, arm, action, response, who is put off, and when an unprompted opening
would come. Nothing is sampled. The README derives the sums.

Notation: c = control share; E1, E2 = P(in the audience of wave 1, of wave 2) but for openings; u1, u2 = days of the
month before the customer's two send days, u2 = u1 + 14; w = P(an unprompted opening on a given day); q = P(put off).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from ml.simulator.calendar import Month
from ml.simulator.campaigns import WINDOW_DAYS
from ml.simulator.config import WorldConfig
from ml.simulator.draws import FloatArray, IntArray
from ml.simulator.history import Outlook, State, look_ahead
from ml.simulator.parameters import Parameters
from ml.simulator.population import Customers
from ml.simulator.tables import make_tables, opening_probability, transition_rows
from ml.simulator.vocabulary import INTENTS


@dataclass(frozen=True)
class Prediction:
    """Probabilities of a month, arrays of n rows.

    Attributes
    ----------
    opening : array of float, shape (n, J)
        P(the month's opening is product j); the rest is none.
    channel, slot, intensity : array of float, shape (n, channels), (n, slots), (n, intensities)
        P(the first answered contact had it), of contacts whose window ends with the month; sums to P(any answered).
    """

    opening: FloatArray
    channel: FloatArray
    slot: FloatArray
    intensity: FloatArray


@dataclass(frozen=True)
class _Answers:
    """Sums of P(action) * P(answered | action) at one level of fatigue.

    Attributes
    ----------
    by_channel : array of float, shape (n, J, channels, intensities)
    by_slot : array of float, shape (n, J, slots, intensities)
    opt_out : array of float, shape (n, intensities)
        P(opts out | not answered).
    """

    by_channel: FloatArray
    by_slot: FloatArray
    opt_out: FloatArray

    @property
    def by_intensity(self) -> FloatArray:
        """Sums over products and channels, shape (n, intensities)."""
        return np.einsum("njci->ni", self.by_channel)


@dataclass(frozen=True)
class _Setting:
    """What the sums share, arrays of n rows."""

    parameters: Parameters
    customers: Customers
    segment: IntArray
    trait: IntArray
    state: State
    outlook: Outlook
    days: int
    before_1: FloatArray
    in_1: FloatArray
    in_2: FloatArray
    counts_2: FloatArray
    action_channel: FloatArray
    action_slot: FloatArray
    put_off: FloatArray


def predict_month(
    config: WorldConfig,
    customers: Customers,
    month: Month,
    state: State,
    segment: IntArray | None = None,
    trait: IntArray | None = None,
    intent_weights: FloatArray | None = None,
) -> Prediction:
    """Return exact probabilities of a month from the state in which it begins.

    Parameters
    ----------
    state : State
        Its ``intent`` is used only without ``intent_weights``.
    segment, trait : array of int, shape (n,), optional
        Latent classes to assume; the true ones by default.
    intent_weights : array of float, shape (n, Z), optional
        P(intent of the month); by default the transition from ``state.intent``.
    """
    segment = customers.segment if segment is None else segment
    trait = customers.trait if trait is None else trait
    if intent_weights is None:
        intent_weights = next_intent(config.parameters, segment, state.intent, month)
    setting = _make_setting(config, customers, month, state, segment, trait)
    total: Prediction | None = None
    for intent in range(INTENTS):
        weight = intent_weights[:, [intent]]
        part = _predict_given_intent(setting, intent)
        scaled = [weight * getattr(part, name) for name in Prediction.__dataclass_fields__]
        if total is not None:
            scaled = [one + getattr(total, name) for one, name in zip(scaled, total.__dataclass_fields__, strict=True)]
        total = Prediction(*scaled)
    assert total is not None  # noqa: S101 - there are four intents
    return total


def next_intent(parameters: Parameters, segment: IntArray, intent: IntArray, month: Month) -> FloatArray:
    """Return P(intent of ``month``) from that of the month before, as in ``State.intent``, shape (n, Z)."""
    rows = transition_rows(parameters, segment, month.calendar_month)[np.arange(intent.size), np.maximum(intent, 0)]
    return np.where((intent < 0)[:, None], np.array(parameters.intents.first), rows)


def _make_setting(
    config: WorldConfig, customers: Customers, month: Month, state: State, segment: IntArray, trait: IntArray
) -> _Setting:
    parameters = config.parameters
    outlook = look_ahead(config, customers, month, state, segment, trait)
    product, channel, _ = outlook.policy
    campaigns = parameters.campaigns
    before_1 = (month.wave_days()[0] - month.first_day + customers.send_offset).astype(np.float64)
    send_2 = month.wave_days()[1] + customers.send_offset
    intensity_share = np.array(campaigns.intensity_share)
    slot_share = np.array(campaigns.slot_share)
    return _Setting(
        parameters=parameters,
        customers=customers,
        segment=segment,
        trait=trait,
        state=state,
        outlook=outlook,
        days=month.days,
        before_1=before_1,
        in_1=outlook.is_listed * _undisturbed(parameters, state, before_1 / month.days),
        in_2=outlook.is_listed * _undisturbed(parameters, state, (before_1 + WINDOW_DAYS) / month.days),
        counts_2=(send_2 + WINDOW_DAYS <= month.last_day).astype(np.float64),
        action_channel=(product[:, :, None] * channel)[..., None] * intensity_share,
        action_slot=product[:, :, None, None] * (slot_share[:, None] * intensity_share),
        put_off=np.array(parameters.responses.put_off)[trait],
    )


def _undisturbed(parameters: Parameters, state: State, share_of_month: FloatArray) -> FloatArray:
    """Return P(no change of consent and no new case in the first days of the month), shape (n,)."""
    service = parameters.service
    change = np.where(state.consented, service.withdraw, service.grant)
    no_change = (1 - change * share_of_month[:, None]).prod(axis=1)
    no_case = (1 - np.array(service.start) * share_of_month[:, None]).prod(axis=1)
    return no_change * no_case


def _answers(setting: _Setting, intent: int, fatigue: FloatArray) -> _Answers:
    """Return the sums for one intent and the fatigue with which a wave meets each customer."""
    responses, outlook = setting.parameters.responses, setting.outlook
    product, channel, _ = outlook.policy
    row, of = np.nonzero(product)
    tables = make_tables(setting.parameters)
    log_odds = tables.answer[setting.segment[row], setting.trait[row], intent]
    own = outlook.product_part[row, of] + responses.fatigue * fatigue[row]
    answered = expit(log_odds + own[:, None, None, None])
    campaigns = setting.parameters.campaigns
    intensity_share = np.array(campaigns.intensity_share)
    weights = product[row, of][:, None] * channel[row, of]
    by_channel, by_slot = np.zeros_like(setting.action_channel), np.zeros_like(setting.action_slot)
    summed = np.einsum("pcsi,s->pci", answered, np.array(campaigns.slot_share))
    by_channel[row, of] = summed * weights[:, :, None] * intensity_share
    summed = np.einsum("pcsi,pc->psi", answered, weights)
    by_slot[row, of] = summed * np.array(campaigns.slot_share)[:, None] * intensity_share
    opt_out = tables.opt_out[setting.trait] * np.exp(responses.opt_out_fatigue * fatigue)[:, None]
    return _Answers(by_channel, by_slot, opt_out)


def _predict_given_intent(setting: _Setting, intent: int) -> Prediction:
    decay, fatigue = setting.parameters.responses.fatigue_decay, setting.state.fatigue
    first = _answers(setting, intent, fatigue)
    after_control = _answers(setting, intent, decay * fatigue)
    after_contact = _answers(setting, intent, decay * (fatigue + 1))
    everyone = np.full(setting.segment.size, intent)
    per_day = opening_probability(setting.parameters, setting.segment, everyone) / setting.days
    by_product = per_day[:, None] * setting.outlook.opening_weights
    opening = _opening(setting, intent, by_product, first, after_control, after_contact)
    channel = _first_answered(setting, by_product, first, after_control, after_contact, "by_channel")
    slot = _first_answered(setting, by_product, first, after_control, after_contact, "by_slot")
    return Prediction(opening, channel.sum(axis=2), slot.sum(axis=2), channel.sum(axis=1))


def _opening(
    setting: _Setting,
    intent: int,
    by_product: FloatArray,
    first: _Answers,
    after_control: _Answers,
    after_contact: _Answers,
) -> FloatArray:
    """Return P(the month's opening is j) given the intent: unprompted, or converted in wave 1 or 2, shape (n, J)."""
    responses, control = setting.parameters.responses, setting.parameters.campaigns.control_share
    conversion = responses.conversion[intent]
    delay = float(np.dot(responses.conversion_delay, np.arange(len(responses.conversion_delay))))
    stays = 1 - setting.put_off
    share = setting.action_channel.sum(axis=(1, 2))
    w = by_product.sum(axis=1)
    u1, in_1, in_2, treated = setting.before_1, setting.in_1, setting.in_2, 1 - control
    u2 = u1 + WINDOW_DAYS
    rest = setting.days - u2
    covered = np.minimum(WINDOW_DAYS, rest)

    def converted(answers: _Answers, weight: FloatArray, is_free: FloatArray) -> FloatArray:
        """Return weight * P(converted to j with nothing opened before); ``is_free`` = weight * that before sending."""
        by_intensity = conversion * answers.by_channel.sum(axis=2)
        late = np.einsum("nji,ni->nj", by_intensity, stays)
        return is_free[:, None] * by_intensity.sum(axis=2) - (delay * w * weight)[:, None] * late

    def days_left(answers: _Answers) -> FloatArray:
        """Sum over the days after wave 2 of P(an unprompted opening on that day is neither put off nor too late)."""
        lost = conversion * answers.by_intensity
        inside = stays * (covered[:, None] * share - (covered - delay)[:, None] * lost)
        return (inside + (rest - covered)[:, None] * (share - lost)).sum(axis=1)

    lost_1 = conversion * first.by_intensity
    opted_out = first.opt_out * (share - first.by_intensity)
    goes_on = share - lost_1 - opted_out
    chance_1, chance_control = treated * in_1, control * treated * in_2
    chance_contact = (treated**2 * in_2)[:, None] * goes_on
    free_contact = chance_contact * (1 - (u1 * w)[:, None] - (WINDOW_DAYS * w)[:, None] * stays)
    opening = converted(first, chance_1, chance_1 * (1 - u1 * w))
    opening += converted(after_control, chance_control, chance_control * (1 - u2 * w))
    opening += converted(after_contact, chance_contact.sum(axis=1), free_contact.sum(axis=1))
    between = WINDOW_DAYS * (1 - treated * in_1)
    between += treated * in_1 * (stays * (WINDOW_DAYS * share - (WINDOW_DAYS - delay) * lost_1)).sum(axis=1)
    after = (1 - in_1) * rest
    after += control * ((in_1 - in_2) * rest + in_2 * (control * rest + treated * days_left(after_control)))
    after += treated * (in_1 - in_2) * rest * (share - lost_1).sum(axis=1)
    after += treated * in_2 * opted_out.sum(axis=1) * rest
    after += treated * in_2 * goes_on.sum(axis=1) * (control * rest + treated * days_left(after_contact))
    return opening + by_product * (u1 + between + after)[:, None]


def _first_answered(
    setting: _Setting,
    by_product: FloatArray,
    first: _Answers,
    after_control: _Answers,
    after_contact: _Answers,
    part: str,
) -> FloatArray:
    """Return P(the first answered contact has part and intensity) given the intent, shape (n, channels or slots, 3).

    Answers of wave 1 come before wave 2 is sent. An unprompted opening of the offered product counts as an answer.
    """
    control = setting.parameters.campaigns.control_share
    treated, stays = 1 - control, 1 - setting.put_off
    action = setting.action_channel if part == "by_channel" else setting.action_slot
    share = setting.action_channel.sum(axis=(1, 2))
    w = by_product.sum(axis=1)
    u1, in_2 = setting.before_1, setting.in_2 * setting.counts_2

    def answered(answers: _Answers, weight: FloatArray, is_free: FloatArray) -> FloatArray:
        direct = getattr(answers, part)
        silent = np.einsum("nj,njpi->npi", by_product, action - direct)
        credited = WINDOW_DAYS * silent * ((1 - answers.opt_out) * stays)[:, None, :]
        return is_free[:, None, None] * direct.sum(axis=1) + weight[:, None, None] * credited

    chance_1, chance_control = treated * setting.in_1, control * treated * in_2
    chance_contact = (treated**2 * in_2)[:, None] * (share - first.by_intensity) * (1 - first.opt_out)
    free_contact = chance_contact * (1 - (u1 * w)[:, None] - (WINDOW_DAYS * w)[:, None] * stays)
    total = answered(first, chance_1, chance_1 * (1 - u1 * w))
    total += answered(after_control, chance_control, chance_control * (1 - (u1 + WINDOW_DAYS) * w))
    return total + answered(after_contact, chance_contact.sum(axis=1), free_contact.sum(axis=1))


@dataclass(frozen=True)
class ResponseTable:
    """True probabilities within 14 days of a contact early in a month; nan where the product may not be offered.

    Attributes
    ----------
    answered, opened : array of float, shape (n, J, channels, slots, intensities)
        P(answered), P(the product is opened), when contacted so.
    opened_control : array of float, shape (n, J)
        P(the product is opened) without a contact.
    """

    answered: FloatArray
    opened: FloatArray
    opened_control: FloatArray


def response_table(
    config: WorldConfig, customers: Customers, month: Month, state: State, intent_weights: FloatArray
) -> ResponseTable:
    """Return the true probabilities of all actions, P(intent of the month) given, shape (n, Z)."""
    parameters = config.parameters
    responses = parameters.responses
    outlook = look_ahead(config, customers, month, state, customers.segment, customers.trait)
    tables = make_tables(parameters)
    stays = 1 - np.array(responses.put_off)[customers.trait]
    own = outlook.product_part + (responses.fatigue * state.fatigue)[:, None]
    opt_out = tables.opt_out[customers.trait] * np.exp(responses.opt_out_fatigue * state.fatigue)[:, None]
    delay = float(np.dot(responses.conversion_delay, np.arange(len(responses.conversion_delay))))
    shape = (*outlook.eligible.shape, *tables.answer.shape[3:])
    answered, opened, opened_control = np.zeros(shape), np.zeros(shape), np.zeros(shape[:2])
    for intent, weight in enumerate(intent_weights.T):
        everyone = np.full(customers.count, intent)
        per_day = opening_probability(parameters, customers.segment, everyone) / month.days
        by_product = per_day[:, None] * outlook.opening_weights
        kept = by_product[:, :, None] * stays[:, None, :]
        log_odds = tables.answer[customers.segment, customers.trait, intent][:, None] + own[:, :, None, None, None]
        p = expit(log_odds)
        credited = (WINDOW_DAYS * kept * (1 - opt_out)[:, None, :])[:, :, None, None, :]
        answered += weight[:, None, None, None, None] * (p + (1 - p) * credited)
        converted = p * responses.conversion[intent]
        earlier = (delay * per_day[:, None] * stays)[:, None, None, None, :]
        unprompted = kept[:, :, None, None, :] * (WINDOW_DAYS - converted * (WINDOW_DAYS - delay))
        opened += weight[:, None, None, None, None] * (converted * (1 - earlier) + unprompted)
        opened_control += weight[:, None] * WINDOW_DAYS * by_product
    for table in (answered, opened, opened_control):
        table[~outlook.eligible] = np.nan
    return ResponseTable(answered, opened, opened_control)
