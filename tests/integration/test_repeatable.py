"""The same inputs give equal content: the same bank in another home, and an old night after a later one."""

from datetime import timedelta

import duckdb

from dagster_pipeline.hashing import content_hashes
from dagster_pipeline.home import Home
from dagster_pipeline.loading.load import default_as_of_date
from dagster_pipeline.night_hash import night_hash
from dagster_pipeline.nightly import run_night, simulate_world


def published_hashes(home: Home) -> dict[str, str]:
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        return content_hashes(con)


def night_hashes(home: Home) -> dict:
    """Return each night's hash as it was recorded, and check that a reader of the published file gets it, too."""
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        recorded = dict(con.execute("select as_of_date, night_hash from marts.rpt_nightly_run").fetchall())
        assert {night: night_hash(con, night) for night in recorded} == recorded
    return recorded


def test_equal_inputs_give_equal_hashes_and_an_old_night_gives_its_old_result(tiny_home, tmp_path):
    """A second simulation with the same seed, loaded as somebody's folder, ends in the same tables.

    Then the next night, with rows that come late and corrections of the first one's, and the first night again: it has
    its old result, writes no template a second time, and what the next night left stays to the last row.
    """
    folder = tmp_path / "copy"
    simulate_world(folder, "tiny")
    home = Home(tmp_path / "home")
    home.remember_source(folder)
    first = default_as_of_date(folder)
    run_night(home, first)
    expected, found = published_hashes(tiny_home), published_hashes(home)
    assert {name for name in expected if expected[name] != found[name]} == set()
    assert set(expected) == set(found)
    of_first = night_hashes(home)
    assert of_first == night_hashes(tiny_home)

    run_night(home, first + timedelta(days=1))
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        late = con.execute("select distinct kind from truth.planted_defects where file like 'nights/%'").fetchall()
    assert {("late_arrival",), ("correction",)} <= set(late)
    of_both, after_both = night_hashes(home), published_hashes(home)
    assert of_both[first] == of_first[first] != of_both[first + timedelta(days=1)]

    run_night(home, first)
    assert night_hashes(home) == of_both
    again = published_hashes(home)
    assert {name for name in after_both if after_both[name] != again[name]} == set()
