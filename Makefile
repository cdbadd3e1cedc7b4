# make run     install what is missing and open the window
# make test    check style, floors and types, and run the tests
# make setup   install only

PYTHON ?=
PYTEST ?=
PY := .venv/bin/python
SYSTEM := sh packaging/system-libraries.sh
WINDOW := sh packaging/with-display.sh

.PHONY: run test setup

run: .venv/.installed
	@$(SYSTEM) window --check || true
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ]; then \
		.venv/bin/stiffgui; \
	else \
		echo "There is no display: training without a window; pictures and the run go to out/."; \
		QT_QPA_PLATFORM=offscreen $(PY) -m stiffgui.gui.headless --epochs 300 --out out; \
	fi

setup: .venv/.installed

test: export OMP_NUM_THREADS = 1
test: .venv/.test-installed
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/lint-imports
	.venv/bin/mypy
ifeq ($(PYTEST),)
	$(PY) -m pytest -n 2 --dist worksteal tests --ignore tests/gui
	$(WINDOW) $(PY) -m pytest -n 2 --dist loadfile tests/gui
else
	$(WINDOW) $(PY) -m pytest $(PYTEST)
endif

$(PY):
	PYTHON="$(PYTHON)" sh packaging/make-venv.sh .venv

# A release of torch that is tested comes first; pyproject.toml's range is the fallback.
.venv/.installed: pyproject.toml | $(PY)
	@$(PY) -m pip show -q torch 2>/dev/null \
		|| $(PY) -m pip install --disable-pip-version-check "torch==2.13.0" \
		|| echo "torch 2.13.0 is not to be had here; taking another release in the range."
	$(PY) -m pip install --disable-pip-version-check -e .
	@$(SYSTEM) window --install || true
	@touch $@

.venv/.test-installed: .venv/.installed
	$(PY) -m pip install --disable-pip-version-check -e ".[test]"
	@$(SYSTEM) xvfb --install || true
	@touch $@
