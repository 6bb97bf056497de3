"""The measures of realism on hand-made banks whose answers are known, and the README's copy of the table."""

from pathlib import Path

import numpy as np
import pytest

import ml.simulator
from tests.real_data.realism import (
    BERKA,
    GROUPS,
    MEASURES,
    SIMULATED,
    STARBUCKS,
    UCI,
    Bank,
    answered,
    answers_by_contact,
    balances,
    column,
    day_profile,
    gaps_days,
    half_widths,
    mean_balances,
    month_factors,
    months_of,
    overdrawn_months,
    tail_index,
)

README = Path(ml.simulator.__file__).with_name("README.md")


def bank(folder: Path, name: str, **files: list[str]) -> Bank:
    """Write a bank of CSV lines and open it."""
    for file, lines in files.items():
        (folder / f"{file}.csv").write_text("\n".join(lines) + "\n")
    return Bank.open(name, folder)


def transactions(*rows: tuple[str, str, float]) -> list[str]:
    head = "transaction_id,customer_id,posted_at,amount,category,counterparty_type"
    return [head, *(f"t{i},{who},{day}T12:00:00Z,{amount},x,merchant" for i, (who, day, amount) in enumerate(rows))]


def test_the_tail_index_of_a_pareto_sample_is_its_exponent() -> None:
    quantiles = (np.arange(200_000) + 0.5) / 200_000
    assert tail_index((1 - quantiles) ** (-1 / 2.5)) == pytest.approx(2.5, rel=0.05)


def test_gaps_are_days_between_transactions_of_one_customer(tmp_path: Path) -> None:
    rows = transactions(
        ("a", "1993-01-01", -1), ("a", "1993-01-04", -1), ("a", "1993-01-04", 5), ("b", "1993-01-09", 1)
    )
    assert gaps_days(bank(tmp_path, BERKA, transactions=rows)).tolist() == [0, 3]


def test_months_that_an_excerpt_may_have_cut_do_not_count(tmp_path: Path) -> None:
    rows = transactions(
        ("a", "1993-01-30", -9), ("a", "1993-03-02", -4), ("a", "1993-03-05", -2), ("a", "1993-04-01", 7)
    )
    of = bank(tmp_path, BERKA, transactions=rows)
    counted = of.rows(f"select month(month), n, paid from ({months_of(of)}) order by 1")
    assert [(month, n, float(paid)) for month, n, paid in counted] == [(2, 0, 0.0), (3, 2, 6.0)]
    assert month_factors(of, "paid")[1:3].tolist() == [0.0, 2.0]


def test_every_customer_of_the_simulated_year_and_of_starbucks_month_counts(tmp_path: Path) -> None:
    files = {
        "customers": ["customer_id", "a", "b"],
        "transactions": transactions(("a", "2025-01-01", -1), ("a", "2025-02-01", -3), ("a", "2025-02-08", -4)),
    }
    for name, expected in ((SIMULATED, [0, 0, 1, 2]), (STARBUCKS, [0, 3])):
        of = bank(tmp_path, name, **files)
        assert sorted(n for (n,) in of.rows(f"select n from ({months_of(of)})")) == expected


def test_balances_are_told_in_months_of_payments(tmp_path: Path) -> None:
    """Six inner months of 100 paid each; the last row of a month counts, and of one instant the last key."""
    head = "transaction_id,customer_id,posted_at,amount,category,counterparty_type,balance_usd"
    days = [f"1993-{month:02d}-10T12:00:00Z" for month in range(1, 9)]
    rows = [f"t{i}a,a,{day},-100,x,merchant,{-50 if i == 3 else 900}" for i, day in enumerate(days)]
    rows += [f"t{i}b,a,{day},20,x,merchant,{100 * i}" for i, day in enumerate(days)]
    of = bank(tmp_path, BERKA, transactions=[head, *rows])
    assert balances(of).tolist() == [1, 2, 3, 4, 5, 6]
    assert mean_balances(of).tolist() == [350]
    assert overdrawn_months(of) == pytest.approx(1 / 6)
    assert mean_balances(bank(tmp_path, UCI, customers=["customer_id,attr_balance", "u1,7", "u2,-3"])).tolist() == [
        -3,
        7,
    ]


def test_intervals_leave_out_a_group_of_customers_at_a_time(tmp_path: Path) -> None:
    """For a mean of equal groups the jackknife's variance is that of the groups' means, over their number."""
    means = np.arange(float(GROUPS))
    without = (means.sum() - means) / (GROUPS - 1)
    expected = 2.093 * np.std(means, ddof=1) / np.sqrt(GROUPS)
    assert half_widths(without[:, None])[0] == pytest.approx(expected, rel=1e-3)
    files = {
        "customers": ["customer_id,attr_balance,attr_loan,attr_campaign", *(f"u{i},{i - 20},no,1" for i in range(400))],
        "contacts": [
            "contact_id,customer_id,sent_at,arm,response",
            *(f"k{i},u{i},2008-0{5 + i % 2}-05T12:00:00Z,treatment,{'converted' if i % 4 < 2 else 'none'}"
              for i in range(400)),
        ],
    }  # fmt: skip
    cells = column(bank(tmp_path, UCI, **files))
    assert list(cells) == [measure.text for measure in MEASURES]
    assert cells["contacts answered, %"].startswith("50.0 ± ")
    assert 2 < float(cells["contacts answered, %"].split(" ± ")[1]) < 10
    assert cells["transactions a customer-month, median"] == ""


def test_payments_by_day_are_told_beside_an_even_spread(tmp_path: Path) -> None:
    rows = transactions(
        ("a", "1993-01-07", -1), ("b", "1993-05-07", -1), ("a", "1993-01-09", -1), ("a", "1993-01-20", 1)
    )
    profile = day_profile(bank(tmp_path, BERKA, transactions=rows))
    assert (profile[6], profile[8], profile[19]) == pytest.approx((20, 10, 0))


def test_answers_are_told_by_the_number_of_the_contact(tmp_path: Path) -> None:
    head = "contact_id,customer_id,sent_at,arm,response"
    days = ("2025-01-01", "2025-01-15", "2025-06-01")
    contacts = [
        f"{who}{i},{who},{day}T12:00:00Z,treatment,{response}"
        for who, responses in (("a", ("clicked", "none", "none")), ("b", ("converted", "clicked", "opened")))
        for i, (day, response) in enumerate(zip(days, responses, strict=True))
    ]
    control = "c0,c,2025-01-01T12:00:00Z,control,converted"
    of = bank(tmp_path, SIMULATED, contacts=[head, *contacts, control])
    assert answered(of) == pytest.approx(3 / 6)
    # In June the earlier contacts are more than sixty days old: a first contact again, four in all, two answered.
    assert answers_by_contact(of)[:2].tolist() == pytest.approx([1, 0.5 / (2 / 4)])
    people = ["customer_id,attr_campaign", "a,1", "b,3"]
    calls = [head, "1,a,2025-01-01T12:00:00Z,treatment,converted", "2,b,2025-01-01T12:00:00Z,treatment,none"]
    assert answers_by_contact(bank(tmp_path, UCI, contacts=calls, customers=people))[[0, 2]].tolist() == [1, 0]


def test_the_readme_shows_the_table_as_it_was_written() -> None:
    table = (README.parent / "realism" / "table.md").read_text(encoding="utf-8")
    assert table in README.read_text(encoding="utf-8")
    assert len(table.splitlines()) == len(MEASURES) + 2
    for picture in (README.parent / "realism").glob("*.png"):
        assert f"(realism/{picture.name})" in README.read_text(encoding="utf-8")
