"""Nights that must have Ollama: a missing model or a refused server stops them with one error, nothing published."""

import hashlib
import shutil
from datetime import date, timedelta

import pytest

from dagster_pipeline.home import Home
from dagster_pipeline.loading.load import default_as_of_date
from dagster_pipeline.nightly import NightFailed, run_night
from tests.ollama_server import refused_host, running_server


@pytest.fixture
def next_night(tiny_home, tiny_world, tmp_path, monkeypatch):
    monkeypatch.setenv("WORDBOND_WRITER", "ollama")
    home = Home(tmp_path / "home")
    shutil.copytree(tiny_home.root, home.root)
    return home, default_as_of_date(tiny_world) + timedelta(days=1)


def assert_stops(home: Home, night: date, expected: str) -> None:
    before = hashlib.sha256(home.published_file.read_bytes()).hexdigest()
    with pytest.raises(NightFailed, match=expected):
        run_night(home, night)
    assert hashlib.sha256(home.published_file.read_bytes()).hexdigest() == before


def test_a_refused_server_stops_the_night(next_night, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", refused_host())
    monkeypatch.setenv("WORDBOND_OLLAMA_MODEL", "tiny-writer")
    assert_stops(next_night[0], next_night[1], "refused|not answer|unreachable")


def test_a_missing_model_names_the_pull_that_mends_it(next_night, monkeypatch):
    with running_server() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.host)
        monkeypatch.setenv("WORDBOND_OLLAMA_MODEL", "no-such-model")
        assert_stops(next_night[0], next_night[1], "ollama pull no-such-model")
