"""Files of every kind that were made to do harm: a few of tests/soak/strangers.py."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are bounded by Linux")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.soak.strangers import prepare

    folder = tmp_path_factory.mktemp("sound")
    prepare(folder)
    return folder


@pytest.fixture(scope="module")
def base(sound: Path) -> Iterator[int]:
    """Megabytes that a process has which reads nothing."""
    import contextlib

    from stiffgui import InputError
    from tests.soak.strangers import read, tried

    for path in sorted(sound.iterdir()):
        with contextlib.suppress(InputError):
            read(path)
    yield tried(Path()).megabytes


@pytest.mark.parametrize("place", range(1, 9))
def test_it_is_read_or_refused_soon_and_with_little_memory(
    place: int, sound: Path, base: int
) -> None:
    from tests.soak.strangers import MAKERS, READ, REFUSED, tried, verdict

    maker = MAKERS[place]
    for seed in range(5):
        path = maker(sound, random.Random(seed))
        found = tried(path, base)
        assert verdict(found) in ("read", "refused"), (maker.__name__, seed, found)
        assert found.code in (READ, REFUSED)
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
