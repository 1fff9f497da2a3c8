"""The small regression is the one that scikit-learn fits, only faster."""

from __future__ import annotations

import numpy as np
import pytest

from unpacking.regression import is_small, softmax_regression


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("features", [1, 4, 9])
def test_it_finds_the_optimum_that_scikit_learn_finds(classes: int, features: int) -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(classes + features)
    y = rng.integers(classes, size=150)
    X = (rng.random((150, features)) + 0.3 * (y[:, None] == np.arange(features) % classes) > 0.6).astype(
        float
    )
    X_new = rng.random((40, features))

    found = softmax_regression(X, y, classes, X_new)

    expected = LogisticRegression(max_iter=10_000, tol=1e-10).fit(X, y).predict_proba(X_new)
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_features_that_tell_everything_do_not_run_away() -> None:
    y = np.arange(60) % 2
    X = np.stack([y, y, 1 - y], axis=1).astype(float)

    found = softmax_regression(X, y, 2, X)

    assert (found.argmax(axis=1) == y).all()
    assert found.max() < 1.0


def test_many_parameters_are_left_to_others() -> None:
    assert is_small(4, 3)
    assert not is_small(40, 3)
