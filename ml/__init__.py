"""Learning and simulation: numpy in, numpy and data frames out; nothing here knows the orchestrator or dbt."""
