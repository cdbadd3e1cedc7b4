"""Alpine02 against closed forms, and the reproducibility of its samples."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stiffgui.tasks import Alpine02

coordinates = st.floats(-5, 5, allow_nan=False)


@given(st.lists(coordinates, min_size=1, max_size=10))
def test_closed_form(point: list[float]) -> None:
    expected = math.prod(math.sqrt(abs(c)) * math.sin(c) for c in point)
    value = Alpine02(dimension=len(point)).function(np.array([point]))
    assert value.shape == (1, 1)
    assert value[0, 0] == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_known_values() -> None:
    f = Alpine02().function
    half = math.pi / 2
    assert f(np.array([[half, half]]))[0, 0] == pytest.approx(half, rel=1e-14)
    assert f(np.array([[half, -half]]))[0, 0] == pytest.approx(-half, rel=1e-14)
    assert f(np.array([[0.0, 3.0]]))[0, 0] == 0


def test_range_and_deviation_in_two_dimensions() -> None:
    axis = np.linspace(-5, 5, 2001)
    values = Alpine02().function(np.array(list(product(axis[::4], axis[::4]))))
    peak = np.abs(np.sqrt(np.abs(axis)) * np.sin(axis)).max() ** 2
    assert peak == pytest.approx(4.7645, abs=5e-4)
    assert values.max() == pytest.approx(4.7645, abs=5e-3)
    assert values.min() == pytest.approx(-4.7645, abs=5e-3)
    assert values.std() == pytest.approx(1.432, abs=0.01)


@given(st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=20))
def test_even_in_two_dimensions(points: list[tuple[float, float]]) -> None:
    x = np.array(points)
    f = Alpine02().function
    np.testing.assert_array_equal(f(x), f(-x))


@pytest.mark.parametrize("dimension", range(1, 11))
def test_shapes_domain_and_values(dimension: int) -> None:
    task = Alpine02(dimension=dimension, train_samples=50, test_samples=7)
    data = task.data()
    assert (task.inputs, task.outputs, task.training_samples) == (dimension, 1, 50)
    assert data.x_train.shape == (50, dimension)
    assert data.x_test.shape == (7, dimension)
    assert data.y_train.shape == (50, 1)
    assert data.y_test.shape == (7, 1)
    assert len(data.input_names) == dimension
    assert len(data.output_names) == 1
    np.testing.assert_array_equal(data.y_train, task.function(data.x_train))
    np.testing.assert_array_equal(data.y_test, task.function(data.x_test))
    domain = task.domain()
    np.testing.assert_array_equal(domain, np.tile([-5.0, 5.0], (dimension, 1)))
    assert (np.abs(data.x_train) <= 5).all()
    assert np.unique(np.vstack([data.x_train, data.x_test]), axis=0).shape[0] == 57


@settings(max_examples=20)
@given(seed=st.integers(0, 2**31 - 1), other=st.integers(0, 2**31 - 1))
def test_seeds(seed: int, other: int) -> None:
    first, again = Alpine02(seed=seed).data(), Alpine02(seed=seed).data()
    np.testing.assert_array_equal(first.x_train, again.x_train)
    np.testing.assert_array_equal(first.y_train, again.y_train)
    np.testing.assert_array_equal(first.x_test, again.x_test)
    if seed != other:
        assert not np.array_equal(first.x_train, Alpine02(seed=other).data().x_train)


def test_training_samples_do_not_depend_on_test_size_or_noise() -> None:
    plain = Alpine02().data()
    for changed in (Alpine02(test_samples=7).data(), Alpine02(noise=0.5).data()):
        np.testing.assert_array_equal(changed.x_train, plain.x_train)
    np.testing.assert_array_equal(Alpine02(test_samples=7).data().y_train, plain.y_train)
    noisy = Alpine02(noise=0.5, train_samples=20_000).data()
    np.testing.assert_array_equal(noisy.x_test, plain.x_test)
    np.testing.assert_array_equal(noisy.y_test, plain.y_test)
    noise = noisy.y_train - Alpine02().function(noisy.x_train)
    assert noise.std() == pytest.approx(0.5, rel=0.03)
    assert noise.mean() == pytest.approx(0, abs=0.02)
