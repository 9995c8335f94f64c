"""The MLP as a scikit-learn classifier, in a pipeline under cross-validation.

    python examples/sklearn_estimator.py --activations identity relu --folds 5

All that scikit-learn does with an estimator works: `cross_val_score`, `GridSearchCV`, pipelines, `clone`.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

import minigrad as torch

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.datasets import make_moons
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm
except ImportError as error:
    sys.exit(f"sklearn_estimator.py: {error}; pip install scikit-learn threadpoolctl tqdm")


class MLPClassifier(ClassifierMixin, BaseEstimator):
    """A multilayer perceptron under scikit-learn's interface: fit, predict, predict_proba, score.

    X has shape (n, features), y holds n labels of any kind. After fit, `model_` is the network and
    `loss_curve_` its loss after each epoch.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (32,),
        activation: str = "relu",
        lr: float = 0.02,
        epochs: int = 40,
        batch_size: int = 32,
        random_state: Any = None,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.lr = lr
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> "MLPClassifier":
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)

        random = torch.manual_seed(int(check_random_state(self.random_state).randint(2**31)))
        data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(labels))
        batches = torch.utils.data.DataLoader(data, self.batch_size, shuffle=True, generator=random)
        self.model_ = torch.nn.MLP(X.shape[1], *self.hidden, len(self.classes_), activation=self.activation)
        optimizer = torch.optim.AdamW(self.model_.parameters(), lr=self.lr)
        self.loss_curve_ = []
        for _ in range(self.epochs):
            total = 0.0
            for x, target in batches:
                loss = torch.nn.functional.cross_entropy(self.model_(x), target)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.item() * len(x)
            self.loss_curve_.append(total / len(X))
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        with torch.no_grad():
            return self.model_(torch.tensor(X)).softmax(1).numpy()

    def predict(self, X: Any) -> np.ndarray:
        best = self.predict_proba(X).argmax(1)
        return self.classes_[best]


def main(argv: Sequence[str] | None = None) -> int:
    about = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="sklearn_estimator.py", description=about)
    known = sorted(torch.nn.mlp.ACTIVATIONS)
    parser.add_argument("--activations", nargs="+", choices=known, default=["identity", "tanh", "relu"])
    parser.add_argument("--hidden", type=int, nargs="+", default=[32], help="units of each hidden layer")
    parser.add_argument("--folds", type=int, default=5, help="parts of the data, each tested on once")
    parser.add_argument("--seed", type=int, default=0, help="of weights and batches")
    args = parser.parse_args(argv)
    if min([*args.hidden, args.folds - 1]) < 1:
        parser.error("--hidden must be at least 1, and --folds at least 2")

    X, y = make_moons(500, noise=0.2, random_state=0)  # two arcs, each reaching into the other
    scores = {}
    with threadpool_limits(1):  # products this small gain nothing from a second thread
        for name in tqdm(args.activations, desc="activations"):
            network = MLPClassifier(args.hidden, name, random_state=args.seed)
            scores[name] = cross_val_score(make_pipeline(StandardScaler(), network), X, y, cv=args.folds)
    for name, score in scores.items():
        print(f"{name:10} accuracy {score.mean():.3f} ± {score.std():.3f} over {args.folds} folds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
