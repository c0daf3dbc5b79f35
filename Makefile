# What people and CI run. Everything is installed into .venv; nothing outside the repository changes.
PYTHON ?= python3
PYTEST_ARGS ?=

BIN := .venv/bin
OWN_UV := .cache/uv/bin/uv
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo $(OWN_UV))
INSTALLED := .venv/.installed
# The character classes are frozen with the signatures: they are not made again.
PAGES := $(filter-out character_classes,$(patsubst scripts/generate_%.py,%,$(wildcard scripts/generate_*.py)))
# Where we write English: lists of words in other languages are elsewhere.
WORDS := README.md CONTRIBUTING.md SECURITY.md CHANGELOG.md Makefile .ci docs deploy benchmarks scripts \
  $(addprefix pipeline/,cli dedup domain kafka_io observability ops runtime settings sources wire) research/pipeline_research

.DEFAULT_GOAL := help
.PHONY: help install demo test test-fast test-faults lint fmt docs bench sbom audit clean

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

install: $(INSTALLED) ## install everything into .venv, uv included if it is missing

$(INSTALLED): pyproject.toml research/pyproject.toml uv.lock $(filter $(OWN_UV),$(UV))
	$(UV) sync --locked --all-packages --extra demo
	@touch $@

# A virtual environment of its own where Python can make one, a plain directory where Debian has taken that away.
$(OWN_UV):
	@echo "uv is not installed; fetching it into .cache"
	@$(PYTHON) -m venv .cache/uv >/dev/null 2>&1 && .cache/uv/bin/python -m pip install --quiet uv \
	  || { rm -rf .cache/uv; $(PYTHON) -m pip install --quiet --target .cache/uv uv; }
	@$@ --version

demo: install ## run the whole pipeline on an embedded broker for a minute
	$(BIN)/news-pipeline demo

test: install ## run all tests but the long faults, on every broker that this machine can start
	$(BIN)/pytest -m "not long" $(PYTEST_ARGS)

test-fast: install ## run the tests that need no broker
	$(BIN)/pytest -m "not broker and not fault" $(PYTEST_ARGS)

test-faults: install ## break everything there is to break, for up to half an hour, and write down what came of it
	timeout --kill-after=60s 30m env PIPELINE_TEST_REQUIRE_KAFKA=1 \
	  PIPELINE_TEST_FAULTS_JSON=benchmarks/results/faults.json $(BIN)/pytest tests/faults $(PYTEST_ARGS); \
	  status=$$?; $(BIN)/python -m scripts.generate_guarantees; exit $$status

lint: install ## check style, types, layers and spelling
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell --skip '*/data/*,*.json,*.jsonl,*.html' --ignore-words-list te,nd,fo,fro $(wildcard $(WORDS))

fmt: install ## format, and repair what can be repaired
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

docs: install ## write the generated pages again
	for page in $(PAGES); do $(BIN)/python -m scripts.generate_$$page || exit 1; done

bench: install ## measure the CPU time of every stage; benchmarks/ has more
	$(BIN)/python -m benchmarks.stages

sbom: install ## list what the package depends on as CycloneDX, in dist/, and check the list by its schema
	@mkdir -p dist
	$(UV) export --quiet --locked --no-dev --format cyclonedx1.5 --preview-features sbom-export --output-file dist/sbom.cdx.json
	$(UV) run --quiet --script scripts/check_sbom.py dist/sbom.cdx.json

audit: install ## look the locked dependencies up among known vulnerabilities (osv.dev)
	$(BIN)/python -m scripts.audit "$(UV)"

clean: ## remove what was installed or made
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache dist
