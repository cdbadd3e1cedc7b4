"""Reading a table of the person's own for the import wizard. Runs in the view child, so that
neither a large file nor pandas holds up the window."""

from __future__ import annotations

from stiffgui._presets import of_table
from stiffgui.errors import InputError
from stiffgui.session.messages import InspectTable, ProposeTable, TableInspected, TableProposed
from stiffgui.tasks.table import inspect


def answer_about_table(request: InspectTable | ProposeTable) -> TableInspected | TableProposed:
    """What is wrong with a table is part of the answer, whatever it is."""
    answer = TableInspected if isinstance(request, InspectTable) else TableProposed
    try:
        if isinstance(request, InspectTable):
            return TableInspected(request.number, inspect(request.path, request.delimiter))
        experiment = of_table(request.path, request.settings)
        return TableProposed(request.number, experiment.to_toml())
    except InputError as error:
        return answer(request.number, problem=str(error), key=error.key or "")
    except MemoryError:
        return answer(request.number, problem=f"{request.path} is too large for the memory.")
    except Exception as error:  # the person chooses another file; the child lives on
        reason = str(error) or type(error).__name__
        return answer(request.number, problem=f"{request.path} cannot be read: {reason}.")
