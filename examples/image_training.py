"""A part of mlp_digits.py and fashion_mnist.py: a training that holds images out and stops in time.

A training that was interrupted goes on from its checkpoint.
"""

import math
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from command import BAR
from image_data import Data

import minigrad as torch
from minigrad.checkpoint import save


class Plan(NamedTuple):
    """All that decides how a training goes: the command line says it, and a checkpoint keeps it."""

    program: str
    data: str | None
    validation: float
    epochs: int
    hidden: list[int]
    activation: str
    lr: float
    batch_size: int
    noise: float
    patience: int
    seed: int


class Training:
    """A network, what it learns from, and everything that has to last from one epoch to the next."""

    def __init__(self, plan: Plan, train: Data, validation: Data) -> None:
        self.plan, self.train, self.validation = plan, train, validation
        self.random = torch.manual_seed(plan.seed)  # of the weights, the order of the images and the noise
        self.model = torch.nn.MLP(train.x.shape[1], *plan.hidden, 10, activation=plan.activation)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=plan.lr, momentum=0.9)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, T_max=plan.epochs)
        self.epoch = 0
        self.saved: int | None = None  # the epoch that the checkpoint is of
        self.history: dict[str, list[float]] = defaultdict(list)
        self.best: dict[str, Any] = {"epoch": 0, "accuracy": 0.0, "model": self._weights()}

    def run(self, checkpoint: Path) -> None:
        """Train to the end; after every epoch all is saved."""
        self._save(checkpoint)
        while not self.ended():
            self._learn()
            self._save(checkpoint)

    def ended(self) -> bool:
        """True if all epochs are over, the last ones brought nothing, or the loss is no longer a number."""
        return self.epoch == self.plan.epochs or self.stopped_early() or self.failed()

    def stopped_early(self) -> bool:
        waited = self.epoch - self.best["epoch"]
        return waited >= self.plan.patience and self.epoch < self.plan.epochs

    def failed(self) -> bool:
        return any(not math.isfinite(loss) for loss in self.history["train loss"])

    def _learn(self) -> None:
        """Minibatch SGD with momentum, once through the images."""
        from tqdm import tqdm

        total = right = 0.0
        batches = torch.randperm(len(self.train.x)).split(self.plan.batch_size)
        title = f"epoch {self.epoch + 1:3}/{self.plan.epochs}"
        with tqdm(desc=title, total=len(batches), bar_format=BAR) as bar:
            for rows in batches:
                x, y = self.train.x[rows], self.train.y[rows]
                outputs = self.model(x + self.plan.noise * torch.randn_like(x))
                loss = torch.nn.functional.cross_entropy(outputs, y)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                total += loss.item() * len(y)
                right += (outputs.argmax(1) == y).sum().item()
                bar.update()
            seen = len(self.train.x)
            loss, accuracy = evaluate(self.model, self.validation)
            numbers = {
                "train loss": total / seen,
                "validation loss": loss,
                "train accuracy": right / seen,
                "validation accuracy": accuracy,
            }
            bar.set_postfix_str(
                "loss {train loss:.3f} val {validation loss:.3f}, "
                "accuracy {train accuracy:.3f} val {validation accuracy:.3f}".format_map(numbers)
            )
        for name, number in numbers.items():
            self.history[name].append(number)
        self.schedule.step()
        self.epoch += 1
        if accuracy >= self.best["accuracy"]:  # of equals the later one: its learning rate was lower
            self.best = {"epoch": self.epoch, "accuracy": accuracy, "model": self._weights()}

    def _weights(self) -> dict[str, torch.Tensor]:
        return {name: tensor.clone() for name, tensor in self.model.state_dict().items()}

    # -- from one run of the program to the next

    def _save(self, checkpoint: Path) -> None:
        state = {
            "plan": self.plan._asdict(),
            "epoch": self.epoch,
            "history": self.history,
            "best": self.best,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "random": self.random.get_state(),
        }
        save(state, checkpoint)
        self.saved = self.epoch

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from what was saved: bit for bit as if nothing had come between."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.random.set_state(state["random"])
        self.epoch, self.best = state["epoch"], state["best"]
        self.history = defaultdict(list, state["history"])


def evaluate(model: torch.nn.Module, data: Data) -> tuple[float, float]:
    """The loss and the accuracy on images that are not learnt from."""
    with torch.no_grad():
        outputs = model(data.x)
        loss = torch.nn.functional.cross_entropy(outputs, data.y)
        return loss.item(), (outputs.argmax(1) == data.y).sum().item() / len(data.y)


if __name__ == "__main__":
    raise SystemExit("image_training.py is a part of mlp_digits.py: run python examples/mlp_digits.py")
