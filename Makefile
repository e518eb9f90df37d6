# `make demo` builds and runs a real executable, `make test` passes the tests; both make what they need.
# `make attack` runs the whole of the campaigns of tests/attack, of which `make test` runs a part.
# `make snapshots` runs tests of programs again with snapshots of them, and CPython's suite; `make snapshots-part`, and CI, a part.
# `make windows` runs the tests of executables for Windows with each Python version; CI runs those of the newest.
# `make applications` builds large applications that people use, and works with them.

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
comma := ,
COVERED := $(patsubst %,tests/integration/test_%.py,builds_again conformance demand refusals source)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

SNAPSHOTS := $(patsubst %,tests/integration/test_%.py,files imports inner_programs main_program native open_files packages processes programs surroundings)

WINDOWS := $(patsubst %,tests/integration/test_%.py,conformance windows windows_distribution)

.PHONY: demo test unit attack snapshots snapshots-part windows applications lint docs bench coverage windows-check clean

demo: $(READY)
	$(VENV)/bin/obelisk run examples/hello.py -- World
	$(VENV)/bin/obelisk verify dist/hello

test: $(READY)
	$(VENV)/bin/pytest -n auto --dist loadfile --durations=15

unit: $(READY)
	$(VENV)/bin/pytest tests/unit

attack: $(READY)
	OBELISK_ATTACK=whole $(VENV)/bin/pytest -n auto --dist loadfile tests/attack

snapshots: $(READY)
	OBELISK_TEST_SNAPSHOT=1 $(VENV)/bin/pytest -n auto --dist loadfile $(SNAPSHOTS)
	$(VENV)/bin/python scripts/run_suites.py --snapshot cpython

snapshots-part: $(READY)
	OBELISK_TEST_SNAPSHOT=1 $(VENV)/bin/pytest -n auto --dist loadfile $(filter %processes.py %surroundings.py,$(SNAPSHOTS))
	$(VENV)/bin/python scripts/run_suites.py --snapshot --part cpython

windows: $(READY)
	for version in 3.14 3.13; do OBELISK_TEST_PYTHON=$$version $(VENV)/bin/pytest -k "windows and not suite" $(WINDOWS) || exit 1; done

applications: $(READY)
	$(VENV)/bin/pytest -m application tests/applications tests/integration

lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

# Of the Python that builds: what runs in the target's Python, and C, are not measured.
coverage: $(READY)
	$(VENV)/bin/pytest -n auto --dist loadfile --cov --cov-report=term -k 'not aarch64' tests/unit $(COVERED)

docs: $(READY)
	$(VENV)/bin/python scripts/generate_docs.py

# An archive to be unpacked and run once on a real machine: docs/how-to/windows.md.
windows-check: $(READY)
	$(VENV)/bin/python scripts/windows_check.py dist/windows-check.zip

# PARTS=start,load measures those alone; OPTIONS=--quick tries it.
bench: $(VENV)/.bench
	$(VENV)/bin/python -m bench $(subst $(comma), ,$(PARTS)) $(OPTIONS)

clean:
	rm -rf $(VENV) dist

$(VENV)/.bench: $(READY)
	$(VENV)/bin/pip install --quiet --editable '.[bench]'
	touch $@

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Obelisk needs Python 3.11 or newer; set PYTHON=python3.x")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --editable '.[dev]'
	touch $@
