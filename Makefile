# make demo   a shell in a distroless app on a real cluster          make demo-down   remove it
# make test   everything: lint, types, unit, terminal and e2e tests
# Cluster: DSHELL_E2E_KUBECONFIG=FILE if set, else kind, else one built here (hack/cluster); never your own context.
.DEFAULT_GOAL := help
.PHONY: help demo demo-down test lint unit e2e test-nodes matrix bench docs reference fuzz stress release-check lock clean

BIN := .venv/bin
PYTHON_HERE := $(BIN)/python
CLUSTER := $(PYTHON_HERE) -m hack.cluster
WORKERS := -n 4 --dist loadgroup
# Covers the unit and terminal rings: e2e tests run the program in separate processes, which are not measured.
COVERAGE := --cov --cov-report=term
REMOTE := $(wildcard kubectl_dshell/remote/*.sh kubectl_dshell/remote/*.bash kubectl_dshell/cli/completion/*.bash)

help:
	@sed -n '1,3s/^# //p' Makefile
	@echo "also: $(filter-out help demo demo-down test,$(shell sed -n 's/^.PHONY: //p' Makefile))"

.venv/stamp: requirements-dev.lock pyproject.toml .ci/venv
	@PYTHON="$(PYTHON)" .ci/venv

demo: .venv/stamp
	@$(PYTHON_HERE) -m hack.cluster.demo up

demo-down: .venv/stamp
	@$(PYTHON_HERE) -m hack.cluster.demo down

lint: .venv/stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/shellcheck $(REMOTE) hack/nodes/runsc.sh .ci/run .ci/venv
	$(BIN)/shfmt -i 0 -d $(REMOTE) hack/nodes/runsc.sh

# The cluster is chosen first: without one no test is run, and none is skipped.
test: lint
	$(CLUSTER) with $(BIN)/pytest $(WORKERS) $(COVERAGE)

unit: .venv/stamp
	$(BIN)/pytest $(WORKERS) $(COVERAGE) -m "not e2e"

e2e: .venv/stamp
	$(CLUSTER) with $(BIN)/pytest $(WORKERS) tests/e2e

# On nodes that are virtual machines, a kind after the other, and a table in the end; two kinds, a third of the tests: QUICK=1
test-nodes: .venv/stamp
	$(PYTHON_HERE) -m hack.nodes test $(if $(QUICK),--quick)

# A session in each look-alike of the field's images, and the table of docs/images.md: five minutes, 900 MB.
matrix: .venv/stamp
	$(CLUSTER) with $(PYTHON_HERE) -m hack.matrix $(WORKERS)

# Every benchmark and benchmarks.jsonl, in half an hour; a few minutes to see that they work: make bench QUICK=1
bench: .venv/stamp
	$(CLUSTER) with $(PYTHON_HERE) -m hack.benchmarks $(if $(QUICK),--quick) $(ONLY)

# The picture in README.md, made from a session recorded on a real cluster, and what `make reference` writes.
docs: .venv/stamp
	$(CLUSTER) with $(PYTHON_HERE) -m hack.docs

# docs/reference.md, the manual page and the list of promises, from the definitions of the flags; tests tell when to run it.
reference: .venv/stamp
	$(PYTHON_HERE) -m hack.docs reference
	$(PYTHON_HERE) -m tests.promises.surface

# Parsers of untrusted input, for SECONDS each: make fuzz SECONDS=600 TARGETS="archives pods"
fuzz: .venv/stamp
	$(PYTHON_HERE) -m tests.fuzz --seconds $(or $(SECONDS),60) $(TARGETS)

# Session ends with processes that resist, on a machine with all CPUs busy: make stress ENDS=200
stress: .venv/stamp
	$(PYTHON_HERE) -m tests.remote.stress $(or $(ENDS),200)

# Every form of the program into dist/, each installed into an empty root and measured: three minutes, and one more the first time, for krew.
release-check: .venv/stamp
	$(PYTHON_HERE) -m hack.release

# One resolution for all lock files: run time, build, release, and development.
COMPILE := $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header
lock: .venv/stamp
	$(PYTHON_HERE) -m pip install -q uv
	$(COMPILE) --group dev pyproject.toml -o requirements-dev.lock
	$(COMPILE) --group release -c requirements-dev.lock -o requirements-release.lock
	$(COMPILE) --group build -c requirements-dev.lock -o requirements-build.lock
	$(COMPILE) -c requirements-dev.lock pyproject.toml -o requirements.lock

clean:
	rm -rf benchmarks.jsonl nodes-results.json .venv .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
