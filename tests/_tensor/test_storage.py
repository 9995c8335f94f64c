"""The memory of a tensor as a row of numbers, which its views share."""

import warnings

import numpy as np
import pytest

import minigrad as torch


def test_the_numbers_of_a_view_are_those_of_its_tensor():
    x = torch.tensor([[4.0, 1.0], [5.0, 3.0], [2.0, 1.0]])
    numbers = [4.0, 1.0, 5.0, 3.0, 2.0, 1.0]
    for view in (x, x.t(), x[1:], x[1], x.reshape(-1)[::2]):
        memory = view.storage()
        assert memory.tolist() == list(memory) == numbers
        assert len(memory) == memory.size() == 6 and memory.nbytes() == 24
        assert memory.data_ptr() == x.data_ptr() == view.untyped_storage().data_ptr()
    assert memory[2] == 5.0 and memory[:2] == [4.0, 1.0]
    assert memory.dtype is torch.float32 and memory.device == torch.device("cpu")
    assert x.clone().storage().data_ptr() != x.data_ptr()


def test_a_number_may_be_written_and_the_graph_notices():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x * 1) ** 2
    saved = x.detach()
    memory = saved.storage()
    memory[0] = 7
    assert x.tolist() == [7, 2]
    w = (x * 1).requires_grad_()
    y = w**2
    w.storage()[1] = 5
    with pytest.raises(RuntimeError, match="modified"):
        y.sum().backward()


def test_the_bytes():
    x = torch.tensor([1, 2], dtype=torch.int16)
    assert x.untyped_storage().tolist() == [1, 0, 2, 0] and x.untyped_storage().size() == 4
    assert x.storage().untyped().nbytes() == 4 and x.storage().element_size() == 2
    assert torch.tensor(3.0).storage().tolist() == [3.0] and len(torch.zeros(0).storage()) == 0


def test_how_it_prints():
    text = repr(torch.tensor([1.0, 2.0]).storage())
    assert text == " 1.0\n 2.0\n[torch.storage.TypedStorage(dtype=torch.float32, device=cpu) of size 2]"
    text = repr(torch.tensor([1], dtype=torch.uint8).untyped_storage())
    assert text == " 1\n[torch.storage.UntypedStorage(device=cpu) of size 1]"


def test_a_part_of_an_array_with_steps_has_no_row_of_numbers():
    records = np.zeros(3, [("a", "f4"), ("b", "f8")])
    with pytest.raises(RuntimeError, match="no row of numbers"):
        torch.from_numpy(records["a"]).storage()


@pytest.mark.parity
def test_the_same_as_pytorchs(pytorch):
    def seen(library):
        x = library.arange(6.0).reshape(2, 3)
        memory = x.t()[1:].storage()
        memory[3] = 40
        return repr(memory), memory.tolist(), memory[1], x.tolist(), x.untyped_storage().size()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that PyTorch will give up the numbers
        ours, theirs = seen(torch), seen(pytorch)
    assert ours == theirs
