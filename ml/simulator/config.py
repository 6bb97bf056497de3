"""What a world is: its seed, size, calendar and parameters; and the presets.

What belongs here: the configuration that ``truth/world.json`` holds and from which every later night is drawn.
"""

import calendar
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ml.simulator.parameters import Parameters

PRESET_CUSTOMERS = {"tiny": 1_000, "default": 35_000, "large": 350_000}


class WorldConfig(BaseModel):
    """Configuration of one world.

    Attributes
    ----------
    seed : int
        Any; two worlds of one seed and other sizes agree on the customers they share.
    customers : int
        4 to 5,000,000, rounded to nothing: households are cut from blocks of four.
    history_start, history_end : date
        First and last day written at once, both inclusive, whole months.
    chunk_customers : int
        Customers drawn at a time, 100 to 100,000; bounds memory (about 100 KB a customer) and changes no row.
    dirt_share : float
        0 to 0.005. Spoiled copies as a share of the rows of transactions, events and contacts (of these four times
        that, well below the rejects that stop a night), and of a night: late arrivals and corrections, each as a share
        of a day's transactions and events. 0 = clean.
    parameters : Parameters
        The generative model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: Annotated[int, Field(ge=0, lt=2**31)] = 7
    customers: Annotated[int, Field(ge=4, le=5_000_000)] = 35_000
    history_start: date = date(2025, 7, 1)
    history_end: date = date(2025, 12, 31)
    chunk_customers: Annotated[int, Field(ge=100, le=100_000)] = 5_000
    dirt_share: Annotated[float, Field(ge=0, le=0.005)] = 0.001
    parameters: Parameters = Parameters()

    @model_validator(mode="after")
    def _check(self) -> "WorldConfig":
        end = self.history_end
        if self.history_start.day != 1 or end.day != calendar.monthrange(end.year, end.month)[1]:
            raise ValueError(f"The history runs from {self.history_start} to {end}; expected whole months.")
        if self.history_start > end:
            raise ValueError(f"The history ends on {end}, before it starts on {self.history_start}.")
        return self


def preset_config(preset: str, seed: int = 7) -> WorldConfig:
    """Return the configuration of a preset: tiny (1,000 customers), default (35,000) or large (350,000).

    Raises
    ------
    ValueError
        If there is no such preset.
    """
    if preset not in PRESET_CUSTOMERS:
        raise ValueError(f"There is no world {preset!r}; expected one of {', '.join(PRESET_CUSTOMERS)}.")
    return WorldConfig(seed=seed, customers=PRESET_CUSTOMERS[preset])
