"""The same inputs give equal content: the same night twice, and the same bank in another home."""

import duckdb

from dagster_pipeline.hashing import content_hashes
from dagster_pipeline.home import Home
from dagster_pipeline.loading.load import default_as_of_date
from dagster_pipeline.nightly import run_night, simulate_world


def published_hashes(home: Home) -> dict[str, str]:
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        return content_hashes(con)


def test_another_home_simulating_the_same_bank_gives_equal_hashes(tiny_home, tmp_path):
    """A second simulation with the same seed, loaded as somebody's folder, ends in the same tables."""
    folder = tmp_path / "copy"
    simulate_world(folder, "tiny")
    home = Home(tmp_path / "home")
    home.remember_source(folder)
    run_night(home, default_as_of_date(folder))
    first, second = published_hashes(tiny_home), published_hashes(home)
    assert {name for name in first if first[name] != second[name]} == set()
    assert set(first) == set(second)

    # Running that night once more changes nothing, and writes no template a second time.
    run_night(home, default_as_of_date(folder))
    again = published_hashes(home)
    assert {name for name in second if second[name] != again[name]} == set()
