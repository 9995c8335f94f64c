"""Training that is saved, ended and taken up again goes on bit for bit as if it had not been."""

import pytest

import minigrad as torch
from minigrad.checkpoint import load, save

OPTIMIZERS = {
    "SGD": lambda o, p: o.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "Adam": lambda o, p: o.Adam(p, lr=0.01, amsgrad=True, betas=(0.8, 0.99)),
    "AdamW": lambda o, p: o.AdamW(p, lr=0.01),
    "RMSprop": lambda o, p: o.RMSprop(p, lr=0.002, momentum=0.5, centered=True),
    "Adagrad": lambda o, p: o.Adagrad(p, lr=0.05, lr_decay=0.01),
}
SCHEDULES = {
    "StepLR": lambda s, o: s.StepLR(o, 3, 0.5),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [3, 11, 11, 15], 0.5),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.97),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 8, eta_min=1e-3),
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda t: 1 / (1 + 0.1 * t)),
    "ReduceLROnPlateau": lambda s, o: s.ReduceLROnPlateau(o, factor=0.5, patience=1, cooldown=1),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 0.1, total_steps=30),
}


class Training:
    """A small network with dropout and batch norm, its data in random order, and all that belongs to it."""

    def __init__(self, optimizer, schedule, seed):
        self.random = torch.manual_seed(seed)
        self.order = torch.Generator().manual_seed(seed)
        self.model = torch.nn.MLP(4, 8, 3, norm="batch", dropout=0.3)
        groups = [{"params": self.model[0].parameters()}, {"params": self.model[1:].parameters(), "lr": 0.02}]
        self.optimizer = OPTIMIZERS[optimizer](torch.optim, groups)
        self.schedule = SCHEDULES[schedule](torch.optim.lr_scheduler, self.optimizer)
        data = torch.Generator().manual_seed(0)
        x, y = torch.randn(20, 4, generator=data), torch.randint(3, (20,), generator=data)
        dataset = torch.utils.data.TensorDataset(x, y)
        self.loader = torch.utils.data.DataLoader(dataset, 5, shuffle=True, generator=self.order)
        self.losses = []

    def epoch(self):
        for x, y in self.loader:
            self.optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            self.losses.append(loss.item())
            self.schedule.step(*([loss] if "Plateau" in type(self.schedule).__name__ else []))

    def state(self):
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "random": self.random.get_state(),
            "order": self.order.get_state(),
            "losses": self.losses,
        }

    def go_on_from(self, state):
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.random.set_state(state["random"])
        self.order.set_state(state["order"])
        self.losses = state["losses"]


CASES = [(name, "StepLR") for name in OPTIMIZERS] + [("Adam", name) for name in SCHEDULES]


@pytest.mark.parametrize(("optimizer", "schedule"), CASES)
def test_a_resumed_training_is_bit_identical(optimizer, schedule, tmp_path, suffix, same):
    path = tmp_path / f"last{suffix}"
    unbroken = Training(optimizer, schedule, seed=1)
    for _ in range(2):
        unbroken.epoch()
    save(unbroken.state(), path)
    for _ in range(3):
        unbroken.epoch()

    resumed = Training(optimizer, schedule, seed=2)
    resumed.epoch()  # leaves traces everywhere
    resumed.go_on_from(load(path))
    for _ in range(3):
        resumed.epoch()

    assert len(resumed.losses) == 20
    assert resumed.losses == unbroken.losses
    ours, theirs = resumed.state(), unbroken.state()
    for part in ("model", "optimizer"):
        assert same(dict(ours[part]), dict(theirs[part])), part
    for part in ("random", "order"):
        assert ours[part].tolist() == theirs[part].tolist(), part
    assert resumed.schedule.get_last_lr() == unbroken.schedule.get_last_lr()


def test_the_state_is_saved_as_it_was_at_that_moment(tmp_path, suffix, same):
    path = tmp_path / f"last{suffix}"
    training = Training("Adam", "OneCycleLR", seed=1)
    training.epoch()
    save(training.state(), path)
    training.epoch()
    again = Training("Adam", "OneCycleLR", seed=1)
    again.epoch()
    loaded, expected = load(path), again.state()
    loaded["model"], expected["model"] = dict(loaded["model"]), dict(expected["model"])
    assert same(loaded, expected)
