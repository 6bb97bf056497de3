"""Settings of the pipeline itself, each with its valid range and the reason for its value.

What belongs here: what the bank's operators tune about loading, keeping and publishing. Policy (caps,
quiet hours, weights) lives in dated dbt seeds; learning and writing keep their own settings.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PipelineSettings:
    """Settings of loading, keeping and publishing."""

    # An IANA zone. The bank's day ends at midnight there; instants without a zone are read in it.
    bank_timezone: str = "America/New_York"
    # 1 to 60 nights. Bulky tables (scores, candidates, scored features) keep this many nights;
    # rows of customers with a send stay for ever. Seven lets a week's decisions be compared.
    retained_nights: int = 7
    # 1 to 16 GB for DuckDB's buffers; the whole night must fit in 6 GiB beside torch and CatBoost.
    duckdb_memory_gb: int = 3
    # 1,000 to 100,000 messages of a night whose traces the audit test builds at once; of more, a sixteenth. Those of
    # 317,515 outgrew the memory above and stood still; a quarter of them (some 79,000) took 31 s.
    traced_messages: int = 50_000


SETTINGS = PipelineSettings()
