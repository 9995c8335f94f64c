"""The module that the tests of modules, their parameters and their registry look into."""

import pytest

import minigrad as torch
from minigrad import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.second = nn.Linear(2, 2)
        self.first = nn.Linear(2, 1, bias=False)
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("seen", torch.zeros(1))
        self.note = "plain"

    def forward(self, x):
        return self.first(torch.relu(self.second(x))) * self.scale


@pytest.fixture(name="Net")
def net_class():
    return Net
