"""One device: its name compares and prints as PyTorch's, and asking for another raises what to do."""

import copy
import pickle

import pytest

import minigrad as torch

device = torch.device


def test_the_cpu_prints_and_compares_as_pytorchs():
    assert repr(device("cpu")) == "device(type='cpu')" and str(device("cpu", 0)) == "cpu:0"
    assert repr(device("cuda:1")) == "device(type='cuda', index=1)"
    assert device("cpu") == device("cpu") == device(device("cpu")) and device("cpu") != device("cpu:0")
    assert device("cpu") != "cpu" and hash(device("cpu")) == hash(device("cpu"))
    assert (device("cuda:1").type, device("cuda:1").index, device("cpu").index) == ("cuda", 1, None)
    assert pickle.loads(pickle.dumps(device("cuda:1"))) == copy.deepcopy(device("cuda:1")) == device("cuda:1")


@pytest.mark.parametrize("name", ["gpu", "", "cpu:", "cpu:x", "cuda:01", "cuda:-1"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(RuntimeError):
        device(name)


def test_tensors_and_generators_tell_their_device():
    x = torch.ones(2)
    assert x.device == device("cpu") and x.device.type == "cpu" and x.get_device() == -1
    assert (x.is_cuda, x.is_cpu) == (False, True) and torch.Generator().device == device("cpu")
    assert torch.get_default_device() == device("cpu")


@pytest.mark.parametrize("cpu", ["cpu", "cpu:0", device("cpu"), None])
def test_the_cpu_is_accepted_wherever_a_device_is(cpu):
    x = torch.ones(2)
    assert x.to(device=cpu) is x and x.new_zeros(2, device=cpu).shape == (2,)
    assert torch.zeros(1, device=cpu).shape == torch.nn.Linear(1, 1, device=cpu).bias.shape == (1,)
    torch.nn.Linear(1, 1).to(device=cpu)
    torch.Generator(cpu)
    torch.set_default_device(cpu)


ASKING = [
    lambda d: torch.zeros(2, device=d),
    lambda d: torch.ones(2).to(d),
    lambda d: torch.ones(2).new_ones(2, device=d),
    lambda d: torch.nn.Linear(1, 1).to(d),
    torch.Generator,
    torch.set_default_device,
]


@pytest.mark.parametrize("other", ["cuda", "cuda:0", "mps", 0, device("cuda")])
@pytest.mark.parametrize("ask", ASKING)
def test_another_device_raises_what_to_do(ask, other):
    with pytest.raises((AssertionError, RuntimeError), match='use device="cpu"'):
        ask(other)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: torch.ones(1).cuda(), lambda: torch.nn.ReLU().cuda(), torch.cuda.current_device,
        lambda: torch.cuda.get_device_name(0), torch.cuda.synchronize,
        torch.accelerator.synchronize, lambda: torch.cuda.FloatTensor(2),
    ],
)  # fmt: skip
def test_what_needs_a_device_raises_as_pytorch_without_one(ask):
    with pytest.raises(AssertionError, match="not compiled with CUDA"):
        ask()


def test_questions_are_answered():
    assert not torch.cuda.is_available() and torch.cuda.device_count() == 0
    torch.cuda.manual_seed_all(0)
    torch.cuda.empty_cache()
    assert torch.accelerator.current_accelerator() is None and not torch.backends.mps.is_available()
    assert torch.version.cuda is None and torch.version.__version__ == torch.__version__
    from minigrad.backends import cudnn

    cudnn.benchmark = True
    assert torch.backends.cudnn.benchmark
    cudnn.benchmark = False


def test_a_shape_is_a_size():
    shape = torch.zeros(2, 3).shape
    assert isinstance(shape, torch.Size) and isinstance(shape, tuple) and shape == (2, 3)
    assert repr(shape) == f"{shape}" == "torch.Size([2, 3])" and shape.numel() == 6
    assert hash(shape) == hash((2, 3)) and pickle.loads(pickle.dumps(shape)) == shape
    one = (1,)
    for made in (shape[:1], shape + one, one + shape, shape * 2, 2 * shape, copy.copy(shape)):
        assert type(made) is torch.Size
    assert type(torch.zeros(2).size()) is torch.Size and torch.zeros(2).size(0) == 2
    assert torch.Tensor(shape).shape == shape
    with pytest.raises(TypeError, match="integers"):
        torch.Size([1.5])


def test_a_dtype_prints_as_pytorchs_and_is_numpys():
    import numpy as np

    x = torch.ones(2)
    assert repr(x.dtype) == "torch.float32" and x.dtype is torch.float32 is torch.float
    assert x.dtype == np.float32 and np.dtype("float32") == x.dtype and x.dtype != np.float64
    assert hash(x.dtype) == hash(np.dtype("float32")) and np.zeros(1, x.dtype).dtype == np.float32
    assert copy.deepcopy(x.dtype) is pickle.loads(pickle.dumps(x.dtype)) is x.dtype
    assert torch.float32 != "float32" and isinstance(torch.bool, torch.dtype)
    assert torch.finfo(torch.float32).eps == np.finfo(np.float32).eps and torch.iinfo(torch.uint8).max == 255
    for wrong in (lambda: torch.finfo(torch.int64), lambda: torch.iinfo(torch.float32)):
        with pytest.raises(TypeError, match="see torch"):
            wrong()


def test_printing_follows_the_options():
    try:
        torch.set_printoptions(precision=2, threshold=5, edgeitems=1)
        assert repr(torch.tensor([1 / 3])) == "tensor([0.33])"
        assert repr(torch.arange(6)) == "tensor([0,  ..., 5])"
        torch.set_printoptions(profile="default", sci_mode=True)
        assert repr(torch.tensor([1.5])) == "tensor([1.5000e+00])"
        with pytest.raises(ValueError, match="profile"):
            torch.set_printoptions(profile="long")
    finally:
        torch.set_printoptions(profile="default")


@pytest.mark.parametrize("wrong", [0, 1.5, True])
def test_a_number_of_threads_is_positive(wrong):
    with pytest.raises(RuntimeError, match="set_num_threads expects"):
        torch.set_num_threads(wrong)
