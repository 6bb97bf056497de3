"""Pictures of the simulated bank beside real sets: small multiples, each title says what is to be seen.

What belongs here: drawing. What is measured stands in ``realism``; pictures hold distributions and shares, never rows.
"""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from ml.simulator.vocabulary import CHANNELS
from tests.real_data.realism import (
    BERKA,
    CARDS,
    HILLSTROM,
    IN_ACCOUNT,
    LOANS,
    OUT_OF_ACCOUNT,
    PURCHASE,
    SIMULATED,
    STARBUCKS,
    UCI,
    Bank,
    amounts,
    answer_month_factors,
    answered,
    answered_by_channel,
    answers_by_contact,
    balances,
    day_profile,
    gaps_days,
    holders,
    mean_balances,
    month_factors,
    months_of,
    openings_a_month,
)

COLOURS = {SIMULATED: "#0b5fa5", BERKA: "#d95f02", STARBUCKS: "#1b9e77", UCI: "#7b3294", HILLSTROM: "#666666"}
WIDTHS = {SIMULATED: 2.4}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_POINTS = 400
_HELD = (
    ("simulated, credit card", SIMULATED, CARDS),
    ("Berka, card", BERKA, CARDS),
    ("simulated, loan", SIMULATED, LOANS),
    ("Berka, loan", BERKA, LOANS),
)


def draw_all(banks: dict[str, Bank], out: Path) -> None:
    """Write all pictures into ``out``."""
    with mpl.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "0"}):
        for name, draw in (
            ("amounts", _draw_amounts),
            ("timing", _draw_timing),
            ("calendar", _draw_calendar),
            ("balances", _draw_balances),
            ("responses", _draw_responses),
        ):
            figure = draw(banks)
            figure.savefig(out / f"{name}.png", dpi=110, metadata={"Software": None})


def _figure(title: str, *widths: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(sum(widths), 3.7), layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure, figure.subplots(1, len(widths), width_ratios=widths)


def _line(axes: Any, name: str, x: npt.ArrayLike, y: npt.ArrayLike, **options: Any) -> None:
    axes.plot(x, y, color=COLOURS[name], lw=WIDTHS.get(name, 1.4), label=name, **options)


def _finish(axes: Any, title: str, x: str, y: str) -> None:
    axes.set(title=title, xlabel=x, ylabel=y)
    axes.title.set_fontsize(9)
    axes.legend(frameon=False, fontsize=8)
    axes.grid(alpha=0.25, lw=0.5)


def _draw_amounts(banks: dict[str, Bank]) -> Figure:
    figure, panels = _figure(
        "Amounts: simulated payments reach further above their median than Berka's; small purchases are too few",
        4,
        4,
        4,
    )
    shares = np.geomspace(1e-4, 1, _POINTS)
    for axes, condition, names, title in zip(
        panels,
        (OUT_OF_ACCOUNT, PURCHASE, IN_ACCOUNT),
        ((SIMULATED, BERKA), (SIMULATED, STARBUCKS), (SIMULATED, BERKA)),
        ("All payments, fees aside", "Purchases", "Money coming in, interest aside"),
        strict=True,
    ):
        for name in names:
            sizes = amounts(banks[name], condition)
            _line(axes, name, np.quantile(sizes, 1 - shares) / np.median(sizes), 100 * shares)
        axes.set(xscale="log", yscale="log", xlim=(0.01, 200))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_major_formatter("{x:g} %")
        _finish(axes, title, "amount, multiples of the median", "share of amounts that are larger")
    return figure


def _draw_timing(banks: dict[str, Bank]) -> Figure:
    figure, (counts, gaps) = _figure(
        "Timing: simulated customers pay several times as often as Berka's of the 1990s", 5.5, 5.5
    )
    for name in (SIMULATED, BERKA, STARBUCKS):
        n = banks[name].column(f"select least(n, 45) from ({months_of(banks[name])})")
        share = np.bincount(n.astype(int), minlength=46) / n.size
        _line(counts, name, np.arange(46), 100 * share)
        days, at = gaps_days(banks[name]), np.arange(0, 31)
        _line(gaps, name, at, 100 * np.searchsorted(days, at, side="right") / days.size, drawstyle="steps-post")
    gaps.set_ylim(0, 102)
    _finish(counts, "Transactions of a customer in a month", "transactions (45 = 45 or more)", "customer-months, %")
    _finish(gaps, "Time between a customer's transactions", "days, at most", "gaps, %")
    return figure


def _draw_calendar(banks: dict[str, Bank]) -> Figure:
    figure, (paid, answered, days) = _figure(
        "Calendar: simulated months differ by some percent, real ones by more; simulated bills share their days",
        4,
        4,
        4,
    )
    months = np.arange(12)
    for name in (SIMULATED, BERKA):
        _line(paid, name, months, month_factors(banks[name], "paid"), marker="o", ms=3)
        _line(days, name, np.arange(1, 31), day_profile(banks[name]), marker="o", ms=2.5)
    for name in (SIMULATED, UCI):
        _line(answered, name, months, answer_month_factors(banks[name]), marker="o", ms=3)
    for axes in (paid, answered):
        axes.set_xticks(months, MONTHS, rotation=90)
    for axes in (paid, answered, days):
        axes.axhline(1, color="black", lw=0.6)
        axes.set_ylim(bottom=0)
    _finish(paid, "Money paid by a customer", "month", "relative to the mean of the months")
    _finish(answered, "Contacts answered (UCI changed whom it called)", "month", "relative to the mean of the months")
    _finish(days, "Payments by day of the month", "day of the month", "relative to an even spread")
    return figure


def _draw_balances(banks: dict[str, Bank]) -> Figure:
    figure, (ends, means) = _figure(
        "Balances: month ends as at Berka's bank; none of the empty and overdrawn accounts of UCI's", 5.5, 5.5
    )
    shares = (np.arange(_POINTS) + 0.5) / _POINTS
    for name in (SIMULATED, BERKA):
        _line(ends, name, np.quantile(balances(banks[name]), shares), 100 * shares)
    for name in (SIMULATED, BERKA, UCI):
        of = mean_balances(banks[name])
        _line(means, name, np.quantile(of, shares) / np.median(of), 100 * shares)
    for axes, last in ((ends, 10), (means, 8)):
        axes.axvline(0, color="black", lw=0.6)
        axes.set_xlim(-1, last)
    _finish(
        ends, "Balance at the end of a month", "months of what the customer pays", "customer-months with at most, %"
    )
    _finish(means, "A customer's mean balance", "multiples of the median", "customers with at most, %")
    return figure


def _bars(axes: Any, bars: list[tuple[str, str, float]], title: str, x: str) -> None:
    """Draw labelled horizontal bars of (label, bank, percent), the first on top."""
    labels, names, values = zip(*bars, strict=True)
    places = np.arange(len(bars))[::-1]
    axes.barh(places, values, color=[COLOURS[name] for name in names], height=0.7)
    for place, value in zip(places, values, strict=True):
        axes.text(value, place, f" {value:.{0 if round(value, 1) >= 10 else 1}f}", va="center", fontsize=8)
    axes.set_yticks(places, labels)
    axes.set_xlim(0, max(values) * 1.12)
    axes.set(title=title, xlabel=x)
    axes.title.set_fontsize(9)


def _draw_responses(banks: dict[str, Bank]) -> Figure:
    figure, (rates, tired, held) = _figure(
        "Responses: rates as in public sets; repeated contact tires less than at UCI's bank; openings are far too many",
        *(4.6, 3.4, 4.6),
    )
    by_channel = answered_by_channel(banks[SIMULATED])
    bars = [(f"simulated, {name.replace('_', '-')}", SIMULATED, 100 * by_channel[name]) for name in CHANNELS]
    for name, words in ((STARBUCKS, "offer completed"), (HILLSTROM, "site visited"), (UCI, "yes on the phone")):
        bars.append((f"{name}, {words}", name, 100 * answered(banks[name])))
    _bars(rates, bars, "Contacts answered (clicked or converted)", "% of contacts")
    for name in (SIMULATED, UCI):
        _line(tired, name, np.arange(1, 7), answers_by_contact(banks[name]), marker="o", ms=4)
    tired.set_ylim(0, 1.1)
    _finish(tired, "Answers to later contacts", "contact, 6 = 6 or more", "answered, relative to the first")
    shares = [(words, name, 100 * holders(banks[name], of)) for words, name, of in _HELD]
    shares += [
        (f"{name}, opens a product in a month", name, 100 * openings_a_month(banks[name]))
        for name in (SIMULATED, BERKA)
    ]
    _bars(held, shares, "Products", "% of customers")
    return figure
