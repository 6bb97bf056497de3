"""Fixtures shared by all tests: one tiny night, run once a session through the real job."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from dagster_pipeline.home import Home
from dagster_pipeline.loading.load import default_as_of_date
from dagster_pipeline.nightly import run_night, simulate_world

# Examples are drawn from the test's own name, so every run tries the same ones; time is nobody's failure.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(items):
    """Give two processes whole modules, and one of them every test that stands on the tiny night, which goes first."""
    for item in items:
        uses_night = "tiny_home" in item.fixturenames
        item.add_marker(pytest.mark.xdist_group("night" if uses_night else item.path.name))
    items.sort(key=lambda item: "tiny_home" not in item.fixturenames)


@pytest.fixture(autouse=True)
def _no_ollama(monkeypatch):
    """Tests never talk to a server they did not start."""
    monkeypatch.setenv("WORDBOND_WRITER", "embedded")
    monkeypatch.delenv("OLLAMA_HOST", raising=False)


@pytest.fixture(scope="session")
def tiny_world(tmp_path_factory) -> Path:
    """The tiny simulated bank as a folder in the input contract."""
    folder = tmp_path_factory.mktemp("bank") / "world"
    simulate_world(folder, "tiny")
    return folder


@pytest.fixture(scope="session")
def tiny_home(tmp_path_factory, tiny_world) -> Home:
    """A home whose first night has been run on the tiny world and published."""
    os.environ["WORDBOND_WRITER"] = "embedded"
    home = Home(tmp_path_factory.mktemp("home"))
    home.remember_source(tiny_world)
    run_night(home, default_as_of_date(tiny_world))
    return home
