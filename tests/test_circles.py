"""No module of the package imports itself by way of others, not even for its types."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

grimp = pytest.importorskip("grimp")  # import-linter brings it


def circles(imports: Mapping[str, set[str]]) -> list[set[str]]:
    """Sets of modules that reach each other."""
    reached = {start: _reached(start, imports) for start in imports}
    each: list[set[str]] = []
    for start in imports:
        circle = {other for other in reached[start] if start in reached[other]}
        if circle and circle not in each:
            each.append(circle)
    return each


def _reached(start: str, imports: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [*imports[start]]
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting += imports[module]
    return seen


@pytest.mark.parametrize("types_too", [False, True])
def test_no_module_imports_itself_by_way_of_others(types_too: bool) -> None:
    graph = grimp.build_graph(
        "stiffgui", cache_dir=None, exclude_type_checking_imports=not types_too
    )
    imports = {m: set(graph.find_modules_directly_imported_by(m)) for m in graph.modules}
    assert circles(imports) == []
