"""The guard against leaks fires for a model that reads the truth and stays quiet for honest ones."""

import numpy as np
import pandas as pd
import pytest

from ml.evaluation import log_losses
from ml.leaks import EXCESS, CustomerLosses, excess_over_observer, leak_notes, stored_losses
from ml.settings import EvaluationSettings
from ml.simulator.attribution import contacts_of
from ml.simulator.calendar import Month
from ml.simulator.ceilings import CeilingCollector
from ml.simulator.columns import customer_id
from ml.simulator.config import WorldConfig
from ml.simulator.history import simulate
from ml.simulator.observer.watch import watch
from ml.simulator.population import draw_customers
from ml.simulator.prediction import predict_month
from ml.simulator.vocabulary import PRODUCTS

COUNT = 3_000
SETTINGS = EvaluationSettings(resamples=500)


@pytest.fixture(scope="module")
def bank():
    """Customers, last month, the observer's losses and its belief of a simulated bank."""
    config = WorldConfig(customers=COUNT)
    customers = draw_customers(config, np.arange(1, COUNT + 1))
    months = list(simulate(config, customers, Month.of(config.history_end)))
    contacts = contacts_of(months)
    watched = watch(config, customers, months, contacts)
    collector = CeilingCollector(config)
    collector.add(months, customers, contacts, watched)
    return config, customers, months, watched, collector.losses().to_pandas()


def losses_of(probabilities: np.ndarray, months) -> pd.DataFrame:
    """Return a product model's test losses as an artefact stores them."""
    opened = months[-1].opening_product
    classes = np.where(opened >= 0, opened, len(PRODUCTS))
    full = np.column_stack([probabilities, 1 - probabilities.sum(axis=1)])
    losses = CustomerLosses()
    losses.add("product", np.array([customer_id(n) for n in range(1, COUNT + 1)]), log_losses(full, classes))
    return stored_losses(losses.to_arrays())


def guard(model: pd.DataFrame, observer: pd.DataFrame) -> dict:
    rows = excess_over_observer(model, observer, SETTINGS)
    assert [(row["model_name"], row["metric"], row["split"]) for row in rows] == [("product", EXCESS, "test")]
    return rows[0]


def test_a_model_that_reads_the_latent_state_is_suspected(bank):
    config, customers, months, _, observer = bank
    cheating = predict_month(config, customers, months[-1].month, months[-1].start)
    row = guard(losses_of(cheating.opening, months), observer)
    assert row["low"] < row["value"] < row["high"] < 0
    note = leak_notes([row])[0]
    assert note.startswith(f"Leak suspected: product beats the ideal observer of the same files by {-row['value']:.4f}")


def test_a_model_that_reads_the_labels_month_is_suspected(bank):
    config, customers, months, _, observer = bank
    intent = np.eye(4)[months[-1].intent]
    cheating = predict_month(config, customers, months[-1].month, months[-1].start, intent_weights=intent)
    row = guard(losses_of(cheating.opening, months), observer)
    assert row["high"] < -0.05
    assert leak_notes([row])


def test_honest_models_are_not_suspected(bank):
    _, _, months, watched, observer = bank
    best = watched.expect(len(months) - 2, months[-1].start).opening
    frequencies = np.tile(best.mean(axis=0), (COUNT, 1))
    for share in (0.0, 0.5, 1.0):
        row = guard(losses_of((1 - share) * best + share * frequencies, months), observer)
        assert row["high"] >= 0
        assert leak_notes([row]) == []
    assert row["low"] > 0.05


def test_the_difference_is_paired_by_customer_and_per_label():
    names = np.array([f"C{n}" for n in range(40)])
    losses = CustomerLosses()
    losses.add("response", np.repeat(names, 2), np.tile([0.4, 0.6], 40))
    observer = pd.DataFrame({"target": "response", "customer_id": names, "log_loss": 0.8, "label_count": 2})
    row = excess_over_observer(stored_losses(losses.to_arrays()), observer, SETTINGS)[0]
    assert (row["value"], row["low"], row["high"]) == pytest.approx((0.1, 0.1, 0.1))
    other_labels = observer.assign(label_count=1)
    assert excess_over_observer(stored_losses(losses.to_arrays()), other_labels, SETTINGS) == []


def test_a_real_bank_has_no_observer_and_no_suspicion():
    nothing = pd.DataFrame({"target": [], "customer_id": [], "log_loss": [], "label_count": []}).astype(
        {"target": str, "customer_id": str}
    )
    losses = CustomerLosses()
    losses.add("product", np.array(["a"] * 50), np.ones(50))
    assert excess_over_observer(stored_losses(losses.to_arrays()), nothing, SETTINGS) == []
    assert excess_over_observer(stored_losses(CustomerLosses().to_arrays()), nothing, SETTINGS) == []
