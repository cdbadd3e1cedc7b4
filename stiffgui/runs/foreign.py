"""What a run file says of a network that stiffgui did not train, and of layers that were measured.

Letters for shapes: N layers, B samples, w width, k leading values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from stiffgui.errors import InputError
from stiffgui.stiffness.indices import INDICES
from stiffgui.stiffness.matrices import Matrices

if TYPE_CHECKING:
    from stiffgui.experiment import Experiment
    from stiffgui.runs.history import History

Array = NDArray[np.float64]
# Of a neural ODE, numbers of layers: the solver's step, and the largest stable one of a method.
STEP, STABLE_STEP = "solver-step", "stable-step-"
COUNTS = ("evaluations", "solver_steps")  # recorded beside
NEAR = 0.5  # of the largest stable step: a solver's controller keeps steps that near to it
How = Literal["dense", "matrix-free", "given"]
# Of what indices are made that need no more than a matrix' eigenvalues and singular values.
OF_VALUES = (
    "norm",
    "largest",
    "radius",
    "singular-values",
    "eigenvalues",
    "log-norms",
    "step-norm",
)

LEADS = ("frobenius", "singular", "spectral-radius")  # what products with J tell


class PerhapsForeign:
    """What is of a foreign network where it has no experiment."""

    path: Path
    _experiment: Experiment | None

    @property
    def foreign(self) -> bool:
        """Whether it is of a network that stiffgui did not train: it has no experiment."""
        return self._experiment is None

    @property
    def is_matrices(self) -> bool:
        """Whether it is made of matrices: its file is none of a person's, and comes and goes."""
        return self._described is not None and self._described.matrices

    @property
    def given(self) -> tuple[str, ...]:
        """See `ForeignNetwork`."""
        return () if self._described is None else self._described.given

    @property
    def named(self) -> Path:
        """The file that a person knows it by, beside which exports of it go."""
        if not self.is_matrices:
            return self.path
        return Path(self.given[0]) if self.given else Path.cwd() / self.path.name

    @property
    def _described(self) -> ForeignNetwork | None:
        return getattr(self, "network", None) if self.foreign else None

    @property
    def experiment(self) -> Experiment:
        """The settings it was trained with. Raises InputError when it is of a foreign network."""
        if self._experiment is None:
            if self._described is not None and self._described.matrices:
                raise InputError(
                    f"{self._described.title} holds matrices and no network: it has no settings, "
                    f"data or predictions; its spectra and indices can be shown."
                )
            raise InputError(
                f"{self.path} is of a network that stiffgui did not train: it has no "
                f"settings, data or predictions; its history and indices can be shown."
            )
        return self._experiment


class ForeignNetwork(BaseModel):
    """Layers as the file numbers them, from 1 on: name, width w, step size a and how its Jacobians
    came about, [N] each; `samples` of the probe they are taken at, at most. `times`: of a neural
    ODE, whose layers are its right-hand side along its trajectories, with a solver's name.
    `matrices`: they are matrices of a file that `title` names, which a command is `given` as these
    words where it stays."""

    model_config = ConfigDict(frozen=True)

    title: str = ""
    names: tuple[str, ...]
    widths: tuple[int, ...]
    steps: tuple[float, ...]
    how: tuple[How, ...]
    samples: int
    times: tuple[float, ...] = ()
    solver: str = ""
    matrices: bool = False
    given: tuple[str, ...] = ()

    @property
    def depth(self) -> int:
        """N."""
        return len(self.names)

    def of_solver(self, numbers: Mapping[str, Array]) -> str:
        """Of a neural ODE, what its solver could do: from the numbers of the run [1] and of layers
        [N] at an epoch; empty of others."""
        taken, stable = numbers.get(STEP), numbers.get(f"{STABLE_STEP}{self.solver}")
        if taken is None or not np.isfinite(taken).any():
            return ""
        least = int(np.nanargmin(taken))
        counts = [int(numbers[name][0]) for name in COUNTS if name in numbers]
        many = "{1} steps, {0} evaluations".format(*counts) if len(counts) == 2 else "steps"
        said = f"{self.solver} took {many}, the smallest {taken[least]:.2g} at {self.names[least]}"
        if stable is None or not np.isfinite(stable).any():
            return f"{said}."
        known = np.isfinite(stable) & np.isfinite(taken)
        near = int((taken[known] > NEAR * stable[known]).sum())
        limits = (
            f"at {near} of {known.sum()} times they are as large as stability allows, so that it "
            f"limits them and not accuracy: an implicit solver, or a less stiff field, would need "
            f"fewer"
            if near
            else "they are well below what stability allows: accuracy limits them"
        )
        return f"{said}; {limits}."

    def unknown(self, name: str) -> str:
        """Why an index is not known of all layers, in words; empty where it is."""
        free = sum(how == "matrix-free" for how in self.how)
        if not free or name in LEADS:
            return ""
        return f"not known of {free} of {self.depth} layers, too wide for their matrices"

    @property
    def sentence(self) -> str:
        """In words: whose layers, of which widths, and which are not exact."""
        widths = sorted(set(self.widths))
        ends = f"{widths[0]}" if len(widths) == 1 else f"{widths[0]} to {widths[-1]}"
        free = sum(how == "matrix-free" for how in self.how)
        how = f", {free} of them matrix-free" if free else ""
        what = "layer" if self.depth == 1 else "layers"
        if self.matrices and self.samples == 1:
            what = "matrix" if self.depth == 1 else "matrices"
        elif self.matrices:
            what += f" of {self.samples} matrices"
        return f"{self.title or 'network'}: {self.depth} {what} of width {ends}{how}"


@dataclass(frozen=True)
class Leading:
    """What products with J alone tell of it at B samples, or what is kept of one that is large.

    eigenvalues complex [B, k] of largest modulus, by descending modulus, and residuals
    ||J v - l v|| of unit vectors v; singular [B, k], the largest ones, and residuals
    ||J^T u - s v||; frobenius [B], estimated, and its standard errors. NaN is what did not
    converge. `whole`, these are all w eigenvalues and singular values by LAPACK, with the
    eigenvalues' conditions, the logarithmic norms [B, 2] and ||I + a J||_2 [B].
    """

    eigenvalues: NDArray[np.complex128]
    residuals: Array
    singular: Array
    singular_residuals: Array
    frobenius: Array
    frobenius_errors: Array
    conditions: Array | None = None
    log_norms: Array | None = None
    step_norm: Array | None = None

    @property
    def whole(self) -> bool:
        """Whether all eigenvalues are known."""
        return self.conditions is not None

    def matrices(self, step: float) -> Matrices:
        """What LAPACK has said of the whole, in the place of J."""
        return Matrices.known(
            step,
            eigen=(self.eigenvalues, self.conditions),
            norm=self.frobenius,
            singular_values=self.singular,
            log_norms=self.log_norms,
            step_norm=self.step_norm,
        )

    def indices(self, step: float) -> dict[str, tuple[Array, Array]]:
        """Name -> values and errors at each sample, [B] each; errors are NaN where it is exact."""
        if self.whole:
            known, exact = self.matrices(step), np.full(len(self.frobenius), np.nan)
            return {
                name: (index.value(known), exact)
                for name, index in INDICES.items()
                if index.needs in OF_VALUES
            }
        found = (
            (self.frobenius, self.frobenius_errors),
            (self.singular[:, 0], self.singular_residuals[:, 0]),
            (np.abs(self.eigenvalues[:, 0]), self.residuals[:, 0]),
        )
        return dict(zip(LEADS, found, strict=True))


@dataclass(frozen=True)
class MeasuredLayer:
    """A layer of width w with step size a: its Jacobians [B, w, w], or what leads in them."""

    width: int
    step: float
    jacobians: Array | None = None
    leading: Leading | None = None
    how: How = "dense"

    @property
    def is_finite(self) -> bool:
        """Whether its Jacobians are, where it has any."""
        return self.jacobians is None or bool(np.isfinite(self.jacobians).all())

    def first(self, samples: int | None) -> MeasuredLayer:
        """At the first samples, or at all."""
        if samples is None:
            return self
        if self.leading is not None:
            kept = vars(self.leading).items()
            parts: dict[str, Any] = {
                name: None if of is None else of[:samples] for name, of in kept
            }
            return replace(self, leading=Leading(**parts))
        return self if self.jacobians is None else replace(self, jacobians=self.jacobians[:samples])

    @property
    def samples(self) -> int:
        """B."""
        known = self.jacobians if self.leading is None else self.leading.frobenius
        return 0 if known is None else len(known)

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], step: float) -> MeasuredLayer:
        """From what `RunWriter.spectrum` keeps; `step`: where a file does not say it."""
        step = float(arrays["step"][0]) if "step" in arrays else step
        if "jacobians" in arrays:
            return cls(arrays["jacobians"].shape[-1], step, arrays["jacobians"])
        kept = {each.name: arrays[each.name] for each in fields(Leading) if each.name in arrays}
        values = arrays["real"] + 1j * arrays["imag"]
        leading = Leading(eigenvalues=values, **kept)
        return cls(int(arrays["width"][0]), step, leading=leading, how="matrix-free")

    def arrays(self) -> dict[str, NDArray[Any]]:
        """As `RunWriter.spectrum` keeps them."""
        step = {"step": np.array([self.step])}
        if self.jacobians is not None:
            return step | {"jacobians": self.jacobians}
        assert self.leading is not None
        found = vars(self.leading).items()
        kept = {name: of for name, of in found if name != "eigenvalues" and of is not None}
        parts = {"real": self.leading.eigenvalues.real, "imag": self.leading.eigenvalues.imag}
        return step | parts | kept | {"width": np.array([self.width])}


def sentences(
    network: ForeignNetwork | None, history: History, cost: Mapping[str, Any] | None
) -> list[str]:
    """What is known of a network of other code, what its solver could do, and what watching it
    cost, which is in the run's provenance."""
    if network is None:
        return []
    said = [network.sentence]
    if len(history.index_epochs):
        row = np.searchsorted(history.epochs, history.index_epochs[-1])
        of_run = {n: v[row] for n, v in history.series.items()}
        solver = network.of_solver(of_run | {n: v[-1, 0] for n, v in history.indices.items()})
        said += [solver] if solver else []
    if cost:
        said.append(
            f"watching took {cost['seconds']:.3g} s beside {cost['training_seconds']:.3g} s of "
            f"training, {cost['measurements']} measurements, the last at epoch "
            f"{history.index_epochs[-1] if len(history.index_epochs) else 'none'}"
        )
    return said
