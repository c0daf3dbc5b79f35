# The commands for people and for CI. Everything is installed into .venv; nothing outside the repository changes.
PYTHON ?= python3
PYTEST_ARGS ?=
MUTANTS_ARGS ?=

BIN := .venv/bin
OWN_UV := .cache/uv/bin/uv
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo $(OWN_UV))
INSTALLED := .venv/.installed
# Not pages, and not made by `make docs`: the character classes are frozen with the signature version, and the tables of names and
# words need data and packages that are not installed.
PAGES := $(filter-out character_classes place_names word_ranks,$(patsubst scripts/generate_%.py,%,$(wildcard scripts/generate_*.py)))
# English text to check; word lists in other languages and text/, models/ and stages/, which quote them, are left out.
WORDS := README.md CONTRIBUTING.md SECURITY.md CHANGELOG.md RELEASING.md Makefile mkdocs.yml .ci .github \
  .pre-commit-config.yaml docs deploy benchmarks scripts $(addprefix pipeline/,alert assembly.py cli clusters dedup demo domain downstream \
  errors.py fetching kafka_io monitor observability offline ops runtime search settings sources stories wire) research/pipeline_research

.DEFAULT_GOAL := help
.PHONY: help install demo test test-fast test-faults coverage mutants lint fmt docs site bench profile sbom audit clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

install: $(INSTALLED) ## install everything into .venv, and uv into .cache if it is missing

$(INSTALLED): pyproject.toml research/pyproject.toml models/pyproject.toml uv.lock $(filter $(OWN_UV),$(UV))
	$(UV) sync --locked --all-packages --all-extras
	@touch $@

# Into a virtual environment where Python can make one, else into a directory: Debian's Python lacks ensurepip.
$(OWN_UV):
	@echo "uv is not installed; fetching it into .cache"
	@$(PYTHON) -m venv .cache/uv >/dev/null 2>&1 && .cache/uv/bin/python -m pip install --quiet uv \
	  || { rm -rf .cache/uv; $(PYTHON) -m pip install --quiet --target .cache/uv uv; }
	@$@ --version

demo: install ## run the whole pipeline on an embedded broker for a minute
	$(BIN)/news-pipeline demo

test: install ## run all tests except the long fault tests, on every broker that this machine can start
	$(BIN)/pytest -m "not long" -n 2 --dist loadfile $(PYTEST_ARGS)  # two processes; each starts brokers of its own

test-fast: install ## run the tests that need no broker
	$(BIN)/pytest -m "not broker and not fault" -n 2 --dist loadfile $(PYTEST_ARGS)

test-faults: install ## run the fault tests, at most 30 minutes, and write their results to docs/guarantees.md
	timeout --kill-after=60s 30m env PIPELINE_TEST_REQUIRE_KAFKA=1 \
	  PIPELINE_TEST_FAULTS_JSON=benchmarks/results/faults.json $(BIN)/pytest tests/faults $(PYTEST_ARGS); \
	  status=$$?; $(BIN)/python -m scripts.generate_guarantees; exit $$status

coverage: install ## run the unit and property tests under coverage, and check each package's floor
	$(BIN)/coverage run -m pytest -q -m "not broker and not fault" tests/unit tests/property \
	  --ignore tests/unit/test_growth.py $(PYTEST_ARGS)  # which measures time
	$(BIN)/python -m scripts.check_coverage

mutants: install ## change the pure half in small ways and list what no test notices; MUTANTS_ARGS="--packages dedup --count 50"
	$(BIN)/python -m scripts.mutants $(MUTANTS_ARGS)

lint: install ## check style, types, layers and spelling
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell --skip '*/data/*,*.json,*.jsonl,*.html,*.svg' --ignore-words-list te,nd,fo,fro,notin,ninjs,mey,als $(wildcard $(WORDS))

fmt: install ## format, and repair what can be repaired
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

docs: install ## generate the pages again that are made from code and schemas
	for page in $(PAGES); do $(BIN)/python -m scripts.generate_$$page || exit 1; done

site: install ## build the documentation as a site into dist/site; a broken link is an error
	$(BIN)/mkdocs build --strict --quiet

bench: install ## measure the CPU time of every stage beside the last release, or BASE=COMMIT; benchmarks/ has more
	$(BIN)/python -m benchmarks.against $(BASE)

profile: install ## draw where the CPU time of the stages goes, as a flame graph, into docs/assets/profile.svg
	OPENBLAS_NUM_THREADS=1 $(BIN)/py-spy record --rate 250 --output docs/assets/profile.svg -- \
	  $(BIN)/python -m benchmarks.stages

sbom: install ## write the dependencies as CycloneDX to dist/sbom.cdx.json, and validate the file
	@mkdir -p dist
	$(UV) export --quiet --locked --no-dev --extra aws --extra otel --extra search --extra alert --extra sources --format cyclonedx1.5 --preview-features sbom-export --output-file dist/sbom.cdx.json
	$(UV) run --quiet --script scripts/check_sbom.py dist/sbom.cdx.json

audit: install ## look the locked dependencies up among known vulnerabilities (osv.dev)
	$(BIN)/python -m scripts.audit "$(UV)"

clean: ## remove what was installed or generated
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .coverage dist
