"""The smallest singular value of zI - J against closed forms and LAPACK."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from stiffgui.stiffness import pseudospectrum


def test_of_a_normal_matrix_it_is_the_distance_to_the_spectrum() -> None:
    rng = np.random.default_rng(0)
    symmetric = rng.standard_normal((6, 6))
    symmetric = symmetric + symmetric.T
    found = pseudospectrum(symmetric, 30)
    z = found.real[None, :] + 1j * found.imag[:, None]
    values = np.linalg.eigvalsh(symmetric)
    distance = np.abs(z[..., None] - values).min(-1)
    np.testing.assert_allclose(found.smallest, distance, atol=1e-12)


def test_it_is_the_reciprocal_of_the_resolvent() -> None:
    matrix = np.random.default_rng(1).standard_normal((9, 9))
    found = pseudospectrum(matrix, 12)
    for row, column in ((0, 0), (3, 7), (11, 5), (5, 11)):
        z = found.real[column] + 1j * found.imag[row]
        norm = np.linalg.norm(scipy.linalg.inv(z * np.eye(9) - matrix), 2)
        assert found.smallest[row, column] == pytest.approx(1 / norm, rel=1e-9)
    np.testing.assert_array_equal(found.smallest, found.smallest[::-1])
    np.testing.assert_allclose(found.imag, -found.imag[::-1])


def test_contours_stay_inside_the_box_and_hold_every_eigenvalue() -> None:
    matrix = np.random.default_rng(2).standard_normal((20, 20)) / 4
    found = pseudospectrum(matrix)
    values = np.linalg.eigvals(matrix)
    assert (values.real > found.real[0]).all() and (values.real < found.real[-1]).all()
    assert (np.abs(values.imag) < found.imag[-1]).all()
    levels = found.levels()
    assert 1 <= len(levels) <= 5 and levels == sorted(levels, reverse=True)
    for level in levels:
        inside = found.smallest < level
        assert inside.any()
        assert not (inside[0].any() or inside[-1].any() or inside[:, [0, -1]].any())


def test_a_jordan_block_is_far_wider_than_its_eigenvalue() -> None:
    block = np.diag(np.ones(11), 1)
    found = pseudospectrum(block)
    near = np.abs(found.real) < 0.5
    middle = found.smallest[np.ix_(np.abs(found.imag) < 0.5, near)]
    assert middle.max() < 1e-2 and found.levels()


@pytest.mark.parametrize("bad", [np.ones((2, 3)), np.ones((2, 2, 2)), [[np.nan]]])
def test_what_is_no_matrix_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="one finite square matrix"):
        pseudospectrum(bad)
