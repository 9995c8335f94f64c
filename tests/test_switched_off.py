"""Parts of PyTorch that are switched off: a program that offers them goes on without them."""

import copy
import pickle
import subprocess
import sys

import pytest

import minigrad as torch
from minigrad import nn
from minigrad.nn import functional as F


def test_a_trainer_names_all_that_it_could_use_and_uses_none():
    program = """
import minigrad as torch
from minigrad.distributed import destroy_process_group, init_process_group
from minigrad.nn.parallel import DistributedDataParallel as DDP
from minigrad.utils.data.distributed import DistributedSampler
from minigrad.hub import load_state_dict_from_url
from minigrad.utils.model_zoo import load_url
from minigrad.nn.attention import SDPBackend, sdpa_kernel
from minigrad.jit import Final, script
kinds = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
chosen = kinds["bfloat16" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "float32"]
several = torch.distributed.is_available() and torch.distributed.is_initialized()
print(torch.ones(1, dtype=chosen), several)
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (found.stdout, found.stderr) == ("tensor([1.]) False\n", "")


def test_bfloat16_is_a_dtype_that_no_tensor_has():
    kind = torch.bfloat16
    assert isinstance(kind, torch.dtype) and repr(kind) == "torch.bfloat16"
    assert kind.is_floating_point and kind.itemsize == 2
    assert kind != torch.float16 and kind != torch.ones(1).dtype and kind == torch.bfloat16
    assert {kind: 1}[torch.bfloat16] == 1
    assert copy.deepcopy(kind) is kind and pickle.loads(pickle.dumps(kind)) is kind


@pytest.mark.parametrize(
    "make",
    [
        lambda d: torch.ones(2, dtype=d),
        lambda d: torch.ones(2).to(d),
        lambda d: torch.tensor([1.0], dtype=d),
        lambda d: nn.Linear(1, 1).to(d),
        lambda d: nn.Linear(1, 1, dtype=d),
        torch.set_default_dtype,
        torch.finfo,
    ],
)
def test_bfloat16_is_refused_where_a_tensor_would_have_it(make):
    with pytest.raises(TypeError, match=r"minigrad has no dtype torch\.bfloat16; it has float16, float32"):
        make(torch.bfloat16)


def test_compiling_scripts_changes_nothing():
    net = nn.Linear(2, 1)
    assert torch.jit.script(net) is net and torch.jit.trace(net, torch.ones(1, 2)) is net

    @torch.jit.script
    def twice(x: torch.Tensor) -> torch.Tensor:
        return 2 * x

    class Net(torch.jit.ScriptModule):
        @torch.jit.script_method
        def forward(self, x):
            return self.other(twice(x))

        @torch.jit.ignore(drop=True)
        def other(self, x):
            return x

    assert Net()(torch.ones(1)).item() == 2 and isinstance(Net(), nn.Module)
    assert not isinstance(net, (torch.jit.ScriptModule, torch.jit.ScriptFunction))
    assert not torch.jit.is_scripting() and not torch.jit.is_tracing()
    with pytest.raises(NotImplementedError, match="state_dict"):
        torch.jit.save(net, "net.pt")
    with pytest.raises(RuntimeError, match=r"eval\(\)"):
        torch.jit.freeze(net.train())


def test_data_parallel_calls_its_module():
    inner = nn.Linear(2, 1)
    net = nn.DataParallel(inner)
    x = torch.ones(3, 2)
    assert torch.equal(net(x), inner(x)) and torch.equal(net(input=x), inner(x))
    assert net.module is inner and list(net.state_dict()) == ["module.weight", "module.bias"]
    assert torch.equal(nn.parallel.data_parallel(inner, x), inner(x))
    with pytest.raises(RuntimeError, match="one process"):
        nn.parallel.DistributedDataParallel(inner, device_ids=[0])


@pytest.mark.parametrize(
    "call",
    [
        lambda: torch.distributed.init_process_group(backend="nccl"),
        torch.distributed.get_rank,
        lambda: torch.distributed.all_reduce(torch.ones(1), op=torch.distributed.ReduceOp.SUM),
        lambda: torch.utils.data.DistributedSampler(range(3)),
    ],
)
def test_a_group_of_processes_is_refused(call):
    with pytest.raises(RuntimeError, match="minigrad computes in one process"):
        call()


@pytest.mark.parametrize(
    "call", [torch.hub.load, torch.hub.load_state_dict_from_url, torch.utils.model_zoo.load_url]
)
def test_nothing_is_fetched(call):
    with pytest.raises(RuntimeError, match="fetches no models and no weights"):
        call("somewhere")


def test_the_choice_of_a_kernel_of_attention_changes_nothing():
    q = torch.randn(1, 3, 4)
    plain = F.scaled_dot_product_attention(q, q, q)
    kinds = torch.nn.attention.SDPBackend
    for backends in (kinds.MATH, [kinds.FLASH_ATTENTION, kinds.EFFICIENT_ATTENTION]):
        with torch.nn.attention.sdpa_kernel(backends):
            assert torch.equal(F.scaled_dot_product_attention(q, q, q), plain)
    with torch.backends.cuda.sdp_kernel(enable_flash=True, enable_math=False, enable_mem_efficient=False):
        assert torch.equal(F.scaled_dot_product_attention(q, q, q), plain)
    with pytest.raises(RuntimeError, match="SDPBackend"), torch.nn.attention.sdpa_kernel(["math"]):
        pass
