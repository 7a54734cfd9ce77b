# Works in a fresh clone with nothing but Python: the virtual environment is made where it is missing.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?= -n 2 --dist worksteal

# The PyTorch of our checks. A user's own comes with the extra `train` of pyproject.toml.
TORCH ?= torch==2.13.0

.PHONY: demo test test-fast check coverage bench extras train docs fuzz faults bounds wheel clean

demo: $(VENV)/.installed
	$(BIN)/simcore demo

test: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

test-fast: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest $(PYTEST_ARGS) -m "not slow"

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The compiled engine as plain Python, so that its lines are counted.
coverage: $(VENV)/.installed-dev
	NUMBA_DISABLE_JIT=1 $(BIN)/coverage run -m pytest -m "not slow"
	$(BIN)/coverage report --show-missing

bench: $(VENV)/.installed-dev
	$(BIN)/python -m pytest benchmarks -q --benchmark-autosave --benchmark-columns=median,rounds

# Readers of saved runs, studies, sweeps and logs of prunings, given directories that were harmed at random, for so many CPU seconds.
FUZZ_SECONDS ?= 60
fuzz: $(VENV)/.installed-dev
	$(BIN)/python tests/fuzz_runs.py $(FUZZ_SECONDS)

# Seeded faults in the compiled engine and in replay, each of which must be caught, on the compiled engine as plain Python.
faults: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 tests/check_mutants.py tests/check_replay_mutants.py

# The compiled kernels on random machines with every index checked, in an empty cache, because a cache holds unchecked code.
bounds: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 tests/check_bounds.py

# The wheel: its files are those of the tree, and it works in a clean environment of each Python from 3.11 to 3.13 that is there.
wheel: $(BIN)/python
	$(BIN)/python tests/try_wheel.py

# What tests need that are skipped without it: clusters and searches, Perfetto's own classes, a browser's driver.
extras: $(VENV)/.installed-extras

# What real training needs besides: tests that train are skipped without it.
train: $(VENV)/.installed-train

# The documentation as a site, build/docs/index.html, with its notebooks executed. A warning is an error.
docs: $(VENV)/.installed-docs
	$(BIN)/python -m sphinx -q -W --keep-going -c docs -d build/doctrees . build/docs

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache .benchmarks .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("simcore needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[onnx]'
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev,onnx]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-docs: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	@touch $@

$(VENV)/.installed-train: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet '$(TORCH)' 'scikit-learn>=1.4' 'pillow>=10'
	@touch $@

$(VENV)/.installed-extras: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --editable '.[browser,sweep]' perfetto
	@touch $@
