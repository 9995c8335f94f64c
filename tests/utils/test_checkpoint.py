"""Parts of a network whose values PyTorch computes twice: here once, with the same numbers."""

import minigrad as torch
from minigrad.utils.checkpoint import checkpoint, checkpoint_sequential


def test_a_part_under_a_checkpoint_has_its_outputs_and_gradients():
    def part(x, y, *, scale):
        return torch.tanh(x * y) * scale, y

    x, y = torch.tensor([0.5, 2.0], requires_grad=True), torch.tensor([1.0, -1.0])
    out, same = checkpoint(part, x, y, use_reentrant=False, scale=3)
    out.sum().backward()
    assert same is y and torch.allclose(x.grad, 3 * y * (1 - torch.tanh(x * y) ** 2))
    assert torch.utils.checkpoint.checkpoint is checkpoint


def test_a_sequence_of_parts():
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    x = torch.ones(1, 2)
    assert checkpoint_sequential(model, 2, x, use_reentrant=False).equal(model(x))
