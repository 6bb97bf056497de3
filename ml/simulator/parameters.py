"""Every number of the generative model in one typed, validated place, with unit, range and reason.

What belongs here: parameters and their checks; the equations are in the README and in the modules that use them.
Tables are written rows by segment (S = 5), trait (R = 3) or intent (Z = 4), columns in the order named. Nothing here
is estimated from customers' data: "judged" marks a value chosen so that the world is alive, "like" names what it was
held against.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ml.simulator.checks import check_parameters

Probability = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(ge=0, le=60)]
Weight = Annotated[float, Field(ge=0, le=100)]
LogOdds = Annotated[float, Field(ge=-8, le=8)]
Factor = Annotated[float, Field(gt=0, le=20)]

Row = tuple[float, ...]
Rows = tuple[Row, ...]


class Group(BaseModel):
    """A frozen group of parameters that admits no unknown name."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Population(Group):
    """Who the customers are: latent classes and what is observed of them once."""

    # Share of each segment, sums to 1. Judged: none below 15 %, so that each can be found in a world of 1,000.
    segment_share: tuple[Probability, ...] = (0.24, 0.25, 0.18, 0.18, 0.15)
    # P(trait | segment), rows sum to 1. Savers and starters look at prices, professionals do not. Judged.
    trait_share: tuple[tuple[Probability, ...], ...] = (
        (0.20, 0.35, 0.45),
        (0.25, 0.40, 0.35),
        (0.50, 0.35, 0.15),
        (0.15, 0.35, 0.50),
        (0.30, 0.40, 0.30),
    )
    # Years, uniform between the bounds; all are adults, so that every product has customers of age.
    age_years: tuple[tuple[float, float], ...] = ((19, 29), (28, 47), (35, 58), (32, 68), (62, 88))
    # Mean years since joining before the history (exponential, cut at age 17 and 27 years). Judged.
    tenure_years: tuple[Factor, ...] = (2.0, 6.0, 8.0, 8.0, 14.0)
    # P(household of 1, 2, 3, 4 neighbours): a block of four customers is cut into households. Like one- and
    # two-person households being most US households.
    household_cut: Probability = 0.55
    # P(state), the ten states the bank is open in, about in proportion to where a New York bank's customers live.
    state_share: tuple[Probability, ...] = (0.26, 0.12, 0.11, 0.09, 0.06, 0.12, 0.05, 0.09, 0.04, 0.06)
    # Median take-home income a month in USD. Like US Bureau of Labor Statistics earnings by age, net of tax.
    income_usd: tuple[Annotated[float, Field(ge=500, le=30_000)], ...] = (2_700.0, 4_600.0, 7_800.0, 4_000.0, 2_900.0)
    # Standard deviation of log income within a segment. Judged; total spread then lies near a Gini of 0.35.
    income_sigma: Annotated[float, Field(gt=0, le=1)] = 0.30
    # P(income is a pension).
    pension_share: tuple[Probability, ...] = (0.0, 0.0, 0.01, 0.20, 0.92)
    # P(paid every second Friday) of those with a salary; the others on the month's last working day. Like BLS: 43 %
    # of US establishments pay every two weeks, which employ most people.
    biweekly_share: Probability = 0.65
    # P(rents, pays a mortgage); the rest own outright or live with family.
    housing_share: tuple[tuple[Probability, Probability], ...] = (
        (0.78, 0.04),
        (0.38, 0.50),
        (0.24, 0.60),
        (0.40, 0.34),
        (0.22, 0.14),
    )
    # Rent or mortgage payment as a share of income. Near the usual 30 % rule, less for retired owners.
    housing_cost: tuple[Probability, ...] = (0.31, 0.28, 0.24, 0.26, 0.24)
    # P(held at the start), columns as PRODUCTS, before prerequisites. Judged; savings and CDs rise with age.
    holding_first: tuple[tuple[Probability, ...], ...] = (
        (0.94, 0.25, 0.01, 0.01, 0.36, 0.03, 0.10, 0.10, 0.11, 0.16),
        (0.95, 0.40, 0.04, 0.03, 0.48, 0.08, 0.09, 0.13, 0.27, 0.10),
        (0.93, 0.45, 0.20, 0.07, 0.36, 0.38, 0.03, 0.04, 0.17, 0.08),
        (0.76, 0.74, 0.13, 0.26, 0.28, 0.03, 0.05, 0.03, 0.07, 0.05),
        (0.86, 0.54, 0.15, 0.33, 0.30, 0.07, 0.03, 0.03, 0.05, 0.03),
    )
    # P(consented to marketing at joining), columns as CHANNELS.
    consent_first: tuple[tuple[Probability, ...], ...] = (
        (0.86, 0.66, 0.76, 0.93),
        (0.92, 0.60, 0.66, 0.89),
        (0.94, 0.48, 0.60, 0.88),
        (0.93, 0.52, 0.52, 0.80),
        (0.95, 0.50, 0.36, 0.66),
    )
    # P(a consent was withdrawn again before the history).
    consent_lapsed: Probability = 0.04


class Intents(Group):
    """The Markov chain of monthly readiness."""

    # P(intent in the first month), roughly where the chain settles.
    first: tuple[Probability, ...] = (0.49, 0.25, 0.15, 0.11)
    # P(next | this), rows sum to 1. Judged: readiness builds over months and lasts one or two.
    transition: tuple[tuple[Probability, ...], ...] = (
        (0.80, 0.14, 0.045, 0.015),
        (0.24, 0.48, 0.21, 0.07),
        (0.10, 0.18, 0.40, 0.32),
        (0.14, 0.10, 0.20, 0.56),
    )
    # P(next) after a month with an opening: the need is met.
    after_opening: tuple[Probability, ...] = (0.64, 0.22, 0.09, 0.05)
    # Log-odds per step of readiness added by segment.
    segment_tilt: tuple[LogOdds, ...] = (0.12, 0.10, 0.02, -0.04, -0.18)
    # Log-odds per step of readiness added by calendar month, January first: new-year and autumn plans, quiet December.
    season_tilt: tuple[LogOdds, ...] = (0.12, 0.07, 0.08, 0.05, 0.02, 0.0, -0.02, 0.06, 0.10, 0.08, 0.08, 0.02)


class Interest(Group):
    """What a customer looks at and opens: standing taste, and memory of what was looked at before (observed)."""

    # Weight of each product for a segment, columns as PRODUCTS. Judged: two or three fit each stage of life well.
    product_weight: tuple[tuple[Weight, ...], ...] = (
        (3.0, 4.0, 0.2, 0.2, 12.0, 1.2, 5.0, 5.0, 3.0, 10.0),
        (2.0, 6.0, 1.2, 0.6, 5.0, 1.2, 3.0, 5.0, 18.0, 6.0),
        (1.0, 2.5, 13.0, 2.0, 2.5, 19.0, 0.5, 1.0, 4.0, 1.5),
        (3.0, 12.0, 4.0, 18.0, 2.5, 0.4, 2.5, 0.7, 1.2, 0.8),
        (2.0, 3.5, 6.0, 22.0, 2.5, 1.2, 0.5, 0.6, 1.2, 0.4),
    )
    # Factor by trait: the price-sensitive want yield and balance transfers, the insensitive travel and money market.
    trait_factor: tuple[tuple[Factor, ...], ...] = (
        (1.0, 0.6, 1.4, 0.7, 0.9, 2.0, 0.3, 0.9, 1.0, 1.2),
        (1.0, 1.0, 1.0, 1.0, 1.1, 1.0, 1.0, 1.0, 1.0, 1.0),
        (1.0, 1.5, 0.8, 1.4, 1.1, 0.4, 2.4, 1.2, 0.9, 0.8),
    )
    # Share of views about mortgages and investments, which the bank does not sell.
    unsold_topic: Weight = 0.8
    # Share of the memory of topics that stays from month to month.
    memory_decay: Probability = 0.55
    # Views that count as no particular interest, added to the denominator of a topic's share.
    memory_prior: Factor = 2.0
    # Log-weight of a topic's remembered share on the topics viewed next.
    topic_pull: LogOdds = 2.4
    # Log-weight of a family's remembered share on the product opened unprompted.
    opening_pull: LogOdds = 3.5
    # Exponent by intent on topic weights: the ready look at one thing, the dormant at anything.
    focus: tuple[Factor, ...] = (0.7, 1.0, 1.4, 1.7)


class Events(Group):
    """App and web events a month."""

    # Mean count by intent, columns as EVENT_TYPES. Judged: readiness shows in what is looked at, less in how often.
    rate: tuple[tuple[Rate, ...], ...] = (
        (5.0, 0.30, 0.80, 0.15, 0.05, 0.02, 0.004),
        (5.8, 0.30, 1.70, 0.90, 0.25, 0.10, 0.020),
        (6.6, 0.35, 2.20, 1.60, 0.80, 0.45, 0.110),
        (7.4, 0.40, 2.50, 2.00, 1.00, 0.80, 0.480),
    )
    # Factor by segment: how digital it is.
    segment_factor: tuple[Factor, ...] = (1.35, 1.15, 1.10, 0.80, 0.50)
    # Factor by trait on rates_viewed and calculator_used.
    price_check: tuple[Factor, ...] = (0.6, 1.0, 1.6)
    # P(app); the rest is the web site.
    app_share: tuple[Probability, ...] = (0.88, 0.76, 0.62, 0.50, 0.32)
    # Weight of six parts of the day (06-09, 09-12, 12-15, 15-18, 18-21, 21-24 local).
    hours: tuple[tuple[Weight, ...], ...] = (
        (0.8, 1.2, 1.6, 1.8, 3.0, 2.6),
        (1.2, 1.6, 1.6, 1.2, 2.8, 1.8),
        (2.4, 1.6, 1.4, 1.2, 2.0, 1.2),
        (1.4, 2.0, 2.0, 2.0, 1.4, 0.6),
        (1.6, 3.0, 2.4, 1.6, 0.8, 0.2),
    )
    # Weight of a Saturday or Sunday beside a weekday.
    weekend: Factor = 0.8


class Spending(Group):
    """Transactions a month, and their amounts."""

    # Mean count of each drawn category by segment, columns as SPENDING.
    rate: tuple[tuple[Rate, ...], ...] = (
        (5.6, 5.2, 2.0, 3.6, 0.16, 0.25, 0.5, 0.9, 0.25, 0.20),
        (7.6, 4.4, 3.6, 4.4, 0.22, 0.55, 0.4, 0.8, 0.50, 0.12),
        (5.6, 6.0, 2.8, 4.2, 0.90, 0.45, 0.3, 1.0, 0.70, 0.06),
        (5.0, 1.8, 2.2, 1.8, 0.10, 0.45, 0.3, 0.6, 1.50, 0.05),
        (5.4, 2.4, 1.8, 1.9, 0.22, 0.95, 0.2, 0.5, 0.45, 0.07),
    )
    # Median amount in USD at the segment's median income, columns as SPENDING. Like BLS Consumer Expenditure means.
    amount_usd: tuple[tuple[Annotated[float, Field(gt=0, le=5_000)], ...], ...] = (
        (38.0, 17.0, 33.0, 34.0, 210.0, 38.0, 60.0, 85.0, 70.0, 12.0),
        (72.0, 33.0, 42.0, 52.0, 390.0, 62.0, 90.0, 130.0, 160.0, 12.0),
        (78.0, 46.0, 45.0, 78.0, 540.0, 75.0, 180.0, 260.0, 420.0, 12.0),
        (50.0, 21.0, 35.0, 33.0, 260.0, 55.0, 120.0, 110.0, 260.0, 12.0),
        (46.0, 24.0, 32.0, 31.0, 320.0, 58.0, 110.0, 90.0, 180.0, 12.0),
    )
    # Standard deviation of log amount, columns as SPENDING.
    amount_sigma: tuple[Annotated[float, Field(gt=0, le=2)], ...] = (0.55, 0.55, 0.3, 0.8, 0.8, 0.8, 0.9, 0.9, 0.6, 0.5)
    # Elasticity of amounts to income within a segment.
    income_elasticity: Probability = 0.6
    # Factor by intent on amounts of dining, shopping and travel: plans go with spending.
    intent_amount: tuple[Factor, ...] = (1.0, 1.04, 1.12, 1.22)
    # Factor by intent on the rate of transfers out and savings transfers: money is moved before a product is opened.
    intent_transfers: tuple[Factor, ...] = (1.0, 1.1, 1.35, 1.7)
    # Factor by trait on the rate of dining, shopping and travel.
    trait_discretionary: tuple[Factor, ...] = (1.2, 1.0, 0.8)
    # Factor on every drawn rate without a checking account: the main account is elsewhere.
    without_checking: Factor = 0.35
    # Factor by calendar month on the rate, January first, rows as SPENDING: travel in summer, gifts before Christmas.
    season: tuple[tuple[Factor, ...], ...] = (
        (0.97, 0.95, 0.98, 0.99, 1.0, 1.0, 1.0, 1.0, 0.98, 1.0, 1.06, 1.1),
        (0.9, 0.95, 0.98, 1.0, 1.03, 1.05, 1.06, 1.04, 0.99, 1.0, 0.98, 1.05),
        (0.94, 0.94, 1.0, 1.0, 1.03, 1.07, 1.09, 1.07, 1.0, 0.99, 0.96, 0.94),
        (0.85, 0.86, 0.95, 0.96, 0.99, 0.98, 0.98, 1.02, 0.96, 0.99, 1.18, 1.38),
        (0.8, 0.85, 1.05, 1.0, 1.05, 1.3, 1.4, 1.25, 0.85, 0.85, 0.9, 1.0),
        (1.08, 1.03, 1.03, 1.0, 1.0, 0.98, 0.94, 0.96, 1.0, 1.03, 1.0, 0.96),
        (1.0, 1.0, 1.1, 1.15, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.05),
        (0.97, 0.98, 1.0, 1.08, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.02, 1.08),
        (1.12, 1.05, 1.05, 1.0, 1.0, 1.0, 0.97, 0.98, 1.0, 1.0, 0.95, 0.85),
        (1.05, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.1),
    )
    # Weight of each weekday, Monday first, rows as SPENDING. Transfers and fees post on working days.
    weekday: tuple[tuple[Weight, ...], ...] = (
        (0.9, 0.85, 0.9, 0.95, 1.05, 1.3, 1.25),
        (0.7, 0.75, 0.85, 1.0, 1.4, 1.5, 1.0),
        (1.1, 1.0, 1.0, 1.05, 1.2, 0.95, 0.7),
        (0.85, 0.85, 0.9, 0.95, 1.1, 1.35, 1.1),
        (1.1, 1.1, 1.05, 1.05, 1.0, 0.85, 0.9),
        (1.3, 1.3, 1.2, 1.2, 1.1, 0.5, 0.2),
        (1.2, 1.1, 1.1, 1.1, 1.3, 0.0, 0.0),
        (1.2, 1.1, 1.1, 1.1, 1.3, 0.0, 0.0),
        (1.2, 1.1, 1.1, 1.1, 1.3, 0.0, 0.0),
        (1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0),
    )
    # Factor on days 1 to 5 and on the last five days for dining, shopping and travel: pay comes, pay is spent.
    month_start: Factor = 1.2
    month_end: Factor = 0.85
    # Utility bills in USD a month, and the factor by calendar month: heating and cooling.
    utilities_usd: tuple[Annotated[float, Field(gt=0, le=2_000)], ...] = (120.0, 260.0, 290.0, 180.0, 190.0)
    utilities_season: tuple[Factor, ...] = (1.25, 1.2, 1.05, 0.9, 0.85, 1.0, 1.15, 1.15, 1.0, 0.88, 0.95, 1.15)
    # Share of income paid to each credit card held a month.
    card_payment_share: Probability = 0.13
    # Interest credited a month in USD, median, on each savings product held, by segment.
    interest_usd: tuple[Annotated[float, Field(gt=0, le=1_000)], ...] = (3.0, 12.0, 45.0, 38.0, 40.0)


class Balances(Group):
    """The stock of money behind the flows; it depends on income, tenure and flows, and moves nothing else."""

    # Median of what a customer is used to keep, in months of income. Set so that, with the months' surplus, the median
    # month's end holds two months of payments, like Berka's accounts; it is then USD 5,500, a little below the USD
    # 8,000 that US households have on transaction accounts (median, Survey of Consumer Finances 2022).
    buffer_months: Annotated[float, Field(gt=0, le=24)] = 1.0
    # Elasticity of that buffer to 1 + years of tenure, and the years at which it is as above. Judged.
    tenure_elasticity: Probability = 0.2
    tenure_scale_years: Annotated[float, Field(gt=0, le=50)] = 6.0
    # Standard deviation of the log buffer between customers, and of the log first balance around the own buffer.
    # Judged: a tenth of customers is then overdrawn at some time in a month (UCI: 8 % have a negative yearly mean).
    buffer_sigma: Annotated[float, Field(gt=0, le=2)] = 0.6
    opening_sigma: Annotated[float, Field(ge=0, le=2)] = 0.3
    # Share of what lies above (below) the buffer that a standing order moves out (in) at a month's end. Judged: without
    # it the surplus of a quarter of income a month would grow without bounds.
    sweep_share: Probability = 0.75


class Openings(Group):
    """Products opened without a contact's help, closed, and customers lost; a month."""

    # P(an unprompted opening) by intent.
    by_intent: tuple[Probability, ...] = (0.004, 0.020, 0.095, 0.46)
    # Factor by segment.
    segment_factor: tuple[Factor, ...] = (1.05, 1.10, 1.0, 0.95, 0.85)
    # P(closed) of each product held, as PRODUCTS. CDs end after a year, personal loans after three.
    closing: tuple[Probability, ...] = (0.001, 0.004, 0.005, 0.06, 0.005, 0.006, 0.02, 0.02, 0.014, 0.02)
    # P(leaves the bank), all products closed on the month's last day. About 2 % a year.
    churn: Probability = 0.0015
    # P(dies) by segment. Like US life tables at the segment's ages.
    death: tuple[Probability, ...] = (0.00006, 0.0001, 0.0003, 0.0006, 0.0030)


class Service(Group):
    """Events that suppress marketing, and changes of consent that no message caused; a month."""

    # P(starts), as SERVICE_TYPES.
    start: tuple[Probability, ...] = (0.005, 0.004, 0.002, 0.0001, 0.0004, 0.0004)
    # Mean days until it is closed (exponential, cut at 60), as SERVICE_TYPES; 0 = it stays.
    mean_days: tuple[Annotated[float, Field(ge=0, le=60)], ...] = (9.0, 14.0, 45.0, 0.0, 0.0, 0.0)
    # P(withdraws) per granted channel and P(grants) per missing one.
    withdraw: Probability = 0.002
    grant: Probability = 0.003


class Campaigns(Group):
    """The logging policy of the bank's earlier campaigns, two waves a month."""

    # P(control) in a wave's audience. A tenth costs little and tells what happens without a contact.
    control_share: Probability = 0.10
    # P(slot) and P(intensity), independent of everything; the product is uniform among those that may be offered,
    # the channel uniform among the product's channels with consent.
    slot_share: tuple[Probability, ...] = (0.25, 0.25, 0.25, 0.25)
    intensity_share: tuple[Probability, ...] = (0.34, 0.33, 0.33)


class Responses(Group):
    """What a contact does: log-odds of an answer (clicked or converted), and the rest given none."""

    intercept: LogOdds = -1.0
    # Columns CHANNELS: push and in-app are answered at once or never.
    channel: tuple[LogOdds, ...] = (-0.25, 0.05, -0.15, 0.25)
    # Rows intents.
    intent: tuple[LogOdds, ...] = (-1.1, -0.15, 0.65, 1.25)
    # Weight of the log of a product's relative taste (segment x trait, mean 1), and of the family's remembered share.
    taste: LogOdds = 0.7
    interest: LogOdds = 1.6
    # Segment x channel: whom a channel suits.
    segment_channel: tuple[tuple[LogOdds, ...], ...] = (
        (-1.0, 0.2, 0.9, 0.5),
        (-0.1, 0.7, 0.1, 0.0),
        (0.6, -0.6, 0.1, 0.4),
        (0.4, 0.2, -0.5, -0.1),
        (1.0, 0.3, -1.3, -0.9),
    )
    # Segment x slot: when it has time.
    segment_slot: tuple[tuple[LogOdds, ...], ...] = (
        (-1.0, -0.3, 0.0, 1.1),
        (-0.5, 0.9, -0.6, 0.5),
        (1.1, -0.2, -0.8, 0.1),
        (-0.1, 0.2, 0.8, -0.6),
        (0.7, 0.8, 0.0, -1.4),
    )
    # Intent x intensity and trait x intensity: early on a soft tone, a strong offer for the ready and price-sensitive.
    intent_intensity: tuple[tuple[LogOdds, ...], ...] = (
        (0.6, 0.0, -0.8),
        (0.3, 0.2, -0.4),
        (-0.3, 0.4, 0.2),
        (-0.7, 0.0, 0.8),
    )
    trait_intensity: tuple[tuple[LogOdds, ...], ...] = ((0.7, 0.1, -1.0), (0.0, 0.2, 0.0), (-0.8, 0.0, 1.0))
    # Log-odds per unit of fatigue (earlier contacts, each wave's weight times fatigue_decay).
    fatigue: LogOdds = -0.35
    fatigue_decay: Probability = 0.6
    # P(the answer is an opening and not only a click) by intent. The considering can be won; the ready would mostly
    # have opened anyway, so that who answers and whom a contact moves are not the same people.
    conversion: tuple[Probability, ...] = (0.02, 0.07, 0.20, 0.10)
    # P(opened | not answered), columns CHANNELS. Like e-mail open rates of finance newsletters, 25 to 35 %.
    opened: tuple[Probability, ...] = (0.28, 0.55, 0.22, 0.50)
    # P(opts out of the channel | not answered) before the factors below. Like 0.1 to 0.5 % per message.
    opt_out: Probability = 0.0022
    opt_out_fatigue: LogOdds = 0.35
    opt_out_intensity: tuple[Factor, ...] = (0.6, 1.0, 2.2)
    opt_out_trait: tuple[Factor, ...] = (1.6, 1.0, 0.7)
    # P(a contact puts the customer off: an unprompted opening of the 14 days after it does not happen).
    put_off: tuple[tuple[Probability, ...], ...] = ((0.10, 0.30, 0.75), (0.0, 0.10, 0.40), (0.0, 0.0, 0.10))
    # P(conversion k days after sending), k = 0..4, sums to 1; at most 4, so that it falls into the month of sending.
    conversion_delay: tuple[Probability, ...] = (0.50, 0.25, 0.12, 0.08, 0.05)
    # Mean days from sending to an opened message or a click of the quick (exponential); the late ones are spread
    # evenly over 13 days.
    quick_days: Factor = 0.8
    late_share: Probability = 0.15


class Parameters(Group):
    """All parameters of the generative model."""

    population: Population = Population()
    intents: Intents = Intents()
    interest: Interest = Interest()
    events: Events = Events()
    spending: Spending = Spending()
    balances: Balances = Balances()
    openings: Openings = Openings()
    service: Service = Service()
    campaigns: Campaigns = Campaigns()
    responses: Responses = Responses()

    @model_validator(mode="after")
    def _check(self) -> "Parameters":
        check_parameters(self.model_dump())
        return self
