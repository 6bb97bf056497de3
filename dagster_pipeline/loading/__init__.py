"""Loading: a folder in the input contract becomes append-only raw tables with their knowledge time.

What belongs here: the contract as data, finding and reading files, validation in DuckDB SQL, rejects, one
night's load. Plain Python and SQL; the assets that call it belong to ``dagster_pipeline.defs.raw``.
"""
