"""Settings of the door, each with its valid range and the reason for its value."""

from dataclasses import dataclass
from datetime import date

from dagster_pipeline.settings import SETTINGS


@dataclass(frozen=True)
class LoadSettings:
    """Settings of loading one night."""

    # An IANA zone. Instants without a zone are read in it, and the bank's day ends at its midnight.
    bank_timezone: str = SETTINGS.bank_timezone
    # 0 to 1. A file that loses a larger share of its rows is more likely exported wrongly than dirty, and a
    # night decided on what is left would mislead. Rows already loaded on an earlier night do not count: a
    # full export repeated every night is a usual way to deliver.
    max_reject_share: float = 0.05
    # Any date before the oldest customer. 1900 admits every living customer's birth and catches 0001-01-01.
    earliest_date: date = date(1900, 1, 1)
    # Any date after the nights to be run. Nothing may have happened after it: such a date is a typing error or
    # a stand-in for "open", and one of them would move the default night into the future.
    latest_date: date = date(2035, 12, 31)
    # 1 to 1000. Characters of an offending value kept in raw.rejects.
    reject_value_length: int = 200
    # 1 to 20. Examples named in the message that stops a night.
    examples_in_message: int = 3


LOAD_SETTINGS = LoadSettings()
