"""Rules of the feature half: exact sums, total orders, one clock, described models, and the allow-list of learning."""

import re
from pathlib import Path

import pytest
import yaml

from dagster_pipeline.home import DBT_PROJECT_DIR
from ml.feature_sets import KEY_COLUMNS, NESTED_COLUMNS, STATIC_FEATURES, TEMPORAL_FEATURES

FOLDERS = ("staging/bank", "intermediate/features", "marts/core")
MODELS = [path for folder in FOLDERS for path in sorted((DBT_PROJECT_DIR / "models" / folder).glob("*.sql"))]
FEATURE_SQL = [
    *sorted((DBT_PROJECT_DIR / "models/intermediate/features").glob("*.sql")),
    *(DBT_PROJECT_DIR / "macros" / name for name in ("as_known.sql", "clock.sql", "windows.sql")),
]
# Aggregates whose result depends on the order in which rows arrive, or that are approximate by design.
INEXACT = re.compile(
    r"\b(avg|mean|fsum|kahan_sum|sumkahan|stddev\w*|var_pop|var_samp|variance|covar\w*|corr|skewness|kurtosis\w*|sem|"
    r"median|quantile\w*|mode|first|last|first_value|last_value|any_value|arbitrary|arg_max\w*|arg_min\w*|max_by|min_by|"
    r"approx_\w+|reservoir_quantile|product|geomean|entropy|string_agg|random|uuid)\s*\(",
    re.I,
)
FLOATING = re.compile(r"\b(double|float|real|float4|float8)\b|(?<!/)/(?!/)|\baction_probability\b", re.I)
CLOCK = re.compile(r"\b(now|today|current_date|current_timestamp|get_current_timestamp|localtimestamp)\b", re.I)


def _without_comments(sql: str) -> str:
    sql = re.sub(r"\{#.*?#\}", " ", sql, flags=re.S)
    return re.sub(r"--[^\n]*", " ", sql)


def _in_parentheses(sql: str, opening: str) -> list[str]:
    """Return what stands between the parentheses that ``opening`` opens, nested ones included."""
    arguments = []
    for match in re.finditer(opening, sql, re.I):
        depth, start = 1, match.end()
        end = start
        while depth:
            depth += {"(": 1, ")": -1}.get(sql[end], 0)
            end += 1
        arguments.append(sql[start : end - 1])
    return arguments


def inexact_parts(sql: str) -> list[str]:
    """Return the parts of a statement that could give another result with another order of rows."""
    sql = _without_comments(sql)
    found = [match.group(0) for match in INEXACT.finditer(sql)]
    found += [argument for argument in _in_parentheses(sql, r"\bsum\s*\(") if FLOATING.search(argument)]
    # A list keeps the order in which threads hand over rows, unless it is sorted or each element says its place.
    for match in re.finditer(r"(list_sort\()?\b(list|array_agg)\((?!\))([^)]*)", sql, re.I):
        if not match.group(1) and "order by" not in match.group(3) and "week_position" not in match.group(3):
            found.append(match.group(0))
    return found


@pytest.mark.parametrize("path", FEATURE_SQL, ids=lambda path: path.stem)
def test_features_are_exact(path):
    assert inexact_parts(path.read_text()) == []


@pytest.mark.parametrize(
    "sql",
    [
        "select avg(amount_usd) from t",
        "select stddev_samp(x) from t",
        "select any_value(state) from t",
        "select arg_max(channel, sent_at) from t",
        "select first(channel order by sent_at) from t",
        "select approx_count_distinct(x) from t",
        "select sum(cast(amount_usd as double)) from t",
        "select sum(a / b) from t",
        "select sum(coalesce(action_probability, 0)) from t",
        "select list(product_id) from t",
    ],
)
def test_the_check_of_exactness_sees(sql):
    assert inexact_parts(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select sum(amount_usd) filter (where x > 0) from t",
        "select sum(a // 2) from t -- not avg(a)",
        "select list_sort(list(distinct product_id)) from t",
        "select list(product_id order by opened_on, product_id) from t",
        "select round(cast(3 * a as double) / b, 6) from t",
    ],
)
def test_the_check_of_exactness_lets_pass(sql):
    assert inexact_parts(sql) == []


@pytest.mark.parametrize("path", [*MODELS, *FEATURE_SQL], ids=lambda path: path.stem)
def test_no_model_reads_a_clock(path):
    assert CLOCK.findall(_without_comments(path.read_text())) == []


@pytest.mark.parametrize("path", FEATURE_SQL, ids=lambda path: path.stem)
def test_every_pick_is_ordered_by_a_key(path):
    """A row_number without order, or by a date alone, would pick another row on another day."""
    for window in _in_parentheses(_without_comments(path.read_text()), r"row_number\(\)\s*over\s*\("):
        order = window.split("order by")[1]
        assert re.search(r"_id\b|source_row_number|valid_from|as_of_date", order), window


def _described(path: Path) -> dict:
    return yaml.safe_load(path.with_suffix(".yml").read_text())["models"][0]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_model_says_what_a_row_is_and_tests_its_key(path):
    model = _described(path)
    assert model["name"] == path.stem
    assert model["description"].startswith("One row per ")
    assert any("unique_combination" in test for test in model["data_tests"] if isinstance(test, dict))
    assert [column["name"] for column in model["columns"] if not column.get("description")] == []
    if "marts" in path.parts:
        assert [column["name"] for column in model["columns"] if "data_type" not in column] == []


def test_the_feature_table_holds_the_allow_list_and_nothing_else():
    """Its contract makes dbt refuse a table with other columns than these."""
    model = _described(DBT_PROJECT_DIR / "models/intermediate/features/int_customers__features.sql")
    assert model["config"]["contract"]["enforced"] is True
    columns = [column["name"] for column in model["columns"]]
    assert len(columns) == len(set(columns))
    assert set(columns) == {*KEY_COLUMNS, *STATIC_FEATURES, *TEMPORAL_FEATURES, *NESTED_COLUMNS}


def test_money_is_decimal_and_counts_are_integers():
    model = _described(DBT_PROJECT_DIR / "models/intermediate/features/int_customers__features.sql")
    types = {column["name"]: column["data_type"] for column in model["columns"]}
    learned = {name: types[name] for name in (*STATIC_FEATURES, *TEMPORAL_FEATURES)}
    ratios = {"spend_trend_30d", "lowest_balance_ratio_30d"}
    expected = {
        name: "double" if name in ratios else "decimal(18,2)" if "_usd" in name else "integer" for name in learned
    }
    assert learned == expected


def test_reserved_event_types_and_event_types_do_not_overlap():
    def types(name: str) -> set[str]:
        rows = (DBT_PROJECT_DIR / "seeds" / name).read_text().splitlines()[1:]
        return {row.split(",")[0] for row in rows}

    reserved = types("seed_reserved_event_types.csv")
    assert reserved == {
        "complaint_opened",
        "complaint_closed",
        "dispute_opened",
        "dispute_closed",
        "hardship_started",
        "hardship_ended",
        "deceased",
        "bankruptcy",
        "fraud_alert",
        "opted_out",
        "do_not_contact",
    }
    assert reserved & types("seed_event_types.csv") == set()
