# make run     install what is missing and open the window
# make test    check style, floors and types, and run the tests
# make setup   install only, machine code included
# make docs    the documentation as a site, without a network; Help opens it
# make pictures   the pictures of README.md and of the documentation, of today's program
# make bundle  the program with all it needs, Python too, in dist/stiffgui, for machines without one
# make soak    kill trainings at writes, let writes fail, take the power away, hostile files: hours

PYTHON ?=
PYTEST ?=
PY := .venv/bin/python
SYSTEM := sh packaging/system-libraries.sh
WINDOW := sh packaging/with-display.sh
READY := $(PY) -m stiffgui.training.ready
# Modules are compiled when first imported: most of them never are.
INSTALL = -m pip install --disable-pip-version-check --no-compile
BUNDLE := build/bundle/bin
# A release of torch that is tested comes first; pyproject.toml's range is the fallback.
TORCH = $(INSTALL) "torch==2.13.0" \
	|| echo "torch 2.13.0 is not to be had here; taking another release in the range."
SITE := resources/documentation

.PHONY: run test setup soak docs pictures bundle

run: .venv/.installed  # the window makes machine code itself, while one looks around
	@$(SYSTEM) window --check || true
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ]; then \
		.venv/bin/stiffgui; \
	else \
		echo "There is no display: training without a window; pictures and the run go to out/."; \
		QT_QPA_PLATFORM=offscreen $(PY) -m stiffgui.gui.headless --epochs 300 --out out; \
	fi

setup: .venv/.ready

test: export OMP_NUM_THREADS = 1
test: .venv/.test-installed
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/lint-imports
	.venv/bin/mypy
ifeq ($(PYTEST),)
	$(READY) float32 & first=$$!; $(READY) float64 && wait $$first
	$(PY) -m pytest -n 2 --dist worksteal tests --ignore tests/gui
	$(WINDOW) $(PY) -m pytest -n 2 --dist loadfile tests/gui
else
	$(WINDOW) $(PY) -m pytest $(PYTEST)
endif

docs: .venv/.docs-installed
	$(PY) -m sphinx -q -W --keep-going -d build/doctrees docs $(SITE)
	@echo "$(SITE)/index.html"

pictures: .venv/.ready
	$(WINDOW) $(PY) docs/pictures.py

bundle: build/.bundle-installed
	$(BUNDLE)/pyinstaller --noconfirm --log-level WARN packaging/stiffgui.spec
	$(BUNDLE)/python packaging/bundle_parts.py dist/stiffgui

build/.bundle-installed: pyproject.toml
	PYTHON="$(PYTHON)" sh packaging/make-venv.sh build/bundle
	@$(BUNDLE)/python $(TORCH)
	$(BUNDLE)/python $(INSTALL) ".[tables]" pyinstaller
	@touch $@

soak: .venv/.test-installed
	$(PY) -m tests.soak 500 200 100 6
	$(PY) -m tests.soak.programs 10 10 10 10
	$(PY) -m tests.soak.openings 100000
	$(PY) -m tests.soak.strangers 10000
	$(WINDOW) $(PY) -m tests.soak.window 300
	$(PY) -m pytest -m slow tests/test_writer_lock.py tests/test_file_size.py

$(PY):
	PYTHON="$(PYTHON)" sh packaging/make-venv.sh .venv

.venv/.installed: pyproject.toml | $(PY)
	@$(PY) -m pip show -q torch 2>/dev/null || $(PY) $(TORCH)
	$(PY) $(INSTALL) -e .
	@$(SYSTEM) window --install || true
	@touch $@

# Machine code of this version for this machine, minutes once.
.venv/.ready: .venv/.installed $(wildcard stiffgui/kernels/*.py stiffgui/*/kernels/*.py)
	@$(READY) float32 || echo "Machine code will be made when the window is opened."
	@touch $@

.venv/.docs-installed: .venv/.installed
	$(PY) $(INSTALL) -e ".[docs]"
	@touch $@

.venv/.test-installed: .venv/.installed
	$(PY) $(INSTALL) -e ".[test]"
	@$(SYSTEM) xvfb --install || true
	@touch $@
