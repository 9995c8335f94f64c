"""Scikit-learn is imported by the tests, not by their file: to collect them then takes no second."""

import re

import numpy as np
import pytest


def test_it_keeps_scikit_learns_rules_for_classifiers():
    from sklearn.utils.estimator_checks import check_estimator
    from sklearn_estimator import MLPClassifier

    results = check_estimator(MLPClassifier(epochs=15, random_state=0), on_skip=None, on_fail=None)
    assert len(results) > 40
    assert {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"} == {}


def test_it_scores_under_cross_validation():
    from sklearn.datasets import load_iris
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn_estimator import MLPClassifier

    X, y = load_iris(return_X_y=True)
    model = make_pipeline(StandardScaler(), MLPClassifier((8,), "tanh", epochs=20, random_state=0))
    scores = cross_val_score(model, X, y, cv=3)
    assert scores.shape == (3,)
    assert scores.mean() > 0.9


def test_a_grid_is_searched():
    from sklearn.datasets import make_moons
    from sklearn.model_selection import GridSearchCV
    from sklearn_estimator import MLPClassifier

    X, y = make_moons(120, noise=0.1, random_state=0)
    grid = {"activation": ["identity", "relu"], "hidden": [(16,)]}
    search = GridSearchCV(MLPClassifier(epochs=30, lr=0.03, random_state=0), grid, cv=2).fit(X, y)
    assert search.best_params_["activation"] == "relu"
    assert search.best_score_ > 0.9


def test_labels_of_any_kind_and_probabilities_that_sum_to_one():
    from sklearn.datasets import load_iris
    from sklearn_estimator import MLPClassifier

    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    model = MLPClassifier((8,), epochs=10, random_state=1).fit(X, names)
    assert set(model.predict(X)) <= set(names)
    assert model.predict_proba(X).shape == (150, 3)
    np.testing.assert_allclose(model.predict_proba(X).sum(1), 1, rtol=1e-6)
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    assert 0 <= model.score(X, names) <= 1


def test_the_seed_decides_the_fit():
    from sklearn.datasets import load_iris
    from sklearn_estimator import MLPClassifier

    X, y = load_iris(return_X_y=True)
    one, again, other = (MLPClassifier((4,), epochs=2, random_state=seed).fit(X, y) for seed in (3, 3, 4))
    assert one.loss_curve_ == again.loss_curve_
    assert one.loss_curve_ != other.loss_curve_


def test_before_fit_it_says_so():
    from sklearn.exceptions import NotFittedError
    from sklearn_estimator import MLPClassifier

    with pytest.raises(NotFittedError):
        MLPClassifier().predict([[1.0, 2.0]])


def test_the_program_prints_a_line_per_activation(capsys):
    import sklearn_estimator

    assert (
        sklearn_estimator.main(["--activations", "identity", "relu", "--folds", "2", "--hidden", "16"]) == 0
    )
    lines = capsys.readouterr().out.splitlines()
    found = [re.fullmatch(r"(\w+) +accuracy (0\.\d{3}) ± 0\.\d{3} over 2 folds", line) for line in lines]
    scores = {match[1]: float(match[2]) for match in found}
    assert scores["relu"] > scores["identity"] + 0.03


@pytest.mark.parametrize("options", [["--folds", "1"], ["--hidden", "0"], ["--activations", "step"]])
def test_impossible_options_are_refused(options, capsys):
    import sklearn_estimator

    with pytest.raises(SystemExit) as stop:
        sklearn_estimator.main(options)
    assert stop.value.code == 2
    assert options[0] in capsys.readouterr().err
