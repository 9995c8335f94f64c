"""A name of PyTorch's that minigrad does not have answers with a sentence; the page lists all of them."""

import importlib
import importlib.util
import runpy
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import minigrad as torch
from minigrad import coverage, pytorch_names
from minigrad.pytorch_names import NotCoveredError
from minigrad.version import TorchVersion

DOCS = Path(__file__).parent.parent / "docs"
GONE = {  # a name of PyTorch's that is not there, by the module of ours, and a word of the answer
    "": ("sparse_coo_tensor", "dense"),
    "nn": ("LinearCrossEntropyLoss", "minigrad.coverage nn`"),
    "nn.functional": ("linear_cross_entropy", "minigrad.coverage nn.functional`"),
    "nn.utils": ("fuse_conv_bn_eval", "lists what it has"),
    "optim": ("swap_in_optimizer_params_and_state", "minigrad.coverage optim`"),
    "optim.lr_scheduler": ("EPOCH_DEPRECATION_WARNING", "lists"),
    "distributions": ("utils", "minigrad.coverage distributions`"),
    "linalg": ("eig", "numbers are real"),
    "autograd": ("graph", "values are saved"),
    "autograd.functional": ("fwAD", "reverse mode"),
    "cuda": ("nvtx", "CPU"),
    "accelerator": ("Graph", "CPU"),
    "backends": ("nnpack", "CPU"),
    "backends.cuda": ("cufft_plan_cache", "CPU"),
    "utils": ("cpp_backtrace", "lists"),
    "utils.data": ("functional_datapipe", "lists"),
}


@pytest.mark.parametrize("home", GONE)
def test_a_name_that_pytorch_has_answers_with_a_sentence(home):
    name, word = GONE[home]
    module = importlib.import_module(f"minigrad.{home}".rstrip("."))
    full = f"torch.{home}.{name}".replace("..", ".")
    with pytest.raises(NotCoveredError, match=rf"^minigrad has no {full}[:;].*{word}"):
        getattr(module, name)
    assert not hasattr(module, name) and getattr(module, name, 3) == 3 and name not in dir(module)
    with pytest.raises(ImportError, match=rf"^minigrad has no {full}[:;]"):
        exec(f"from {module.__name__} import {name}")


@pytest.mark.parametrize("home", GONE)
def test_a_name_that_pytorch_does_not_have_gets_pythons_message(home):
    module = importlib.import_module(f"minigrad.{home}".rstrip("."))
    with pytest.raises(
        AttributeError, match=rf"^module '{module.__name__}' has no attribute 'nonsens'"
    ) as it:
        module.nonsens
    assert (it.value.name, it.value.obj) == ("nonsens", module)  # from which Python suggests a near name
    with pytest.raises(ImportError, match="cannot import name 'nonsens' from"):
        exec(f"from {module.__name__} import nonsens")


@pytest.mark.parametrize(
    "line", ["import minigrad.fft", "from minigrad.fft import rfft", "import minigrad.onnx.utils"]
)
def test_a_module_that_pytorch_has_answers_with_a_sentence(line):
    with pytest.raises(ModuleNotFoundError, match=r"^minigrad has no torch\.(fft|onnx): "):
        exec(line)
    with pytest.raises(ImportError, match=r"^minigrad has no torch\.fft: its numbers are real"):
        exec("from minigrad import fft")


def test_modules_that_are_not_there_can_be_asked_for():
    assert importlib.util.find_spec("minigrad.fft") is None
    # A tool that asks all finders, as pytest does, imports nothing.
    assert all(f.find_spec("minigrad.fft", None) is None for f in sys.meta_path)
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'minigrad\.nonsens'"):
        import minigrad.nonsens  # noqa: F401
    pytorch_names.speak_for_modules()
    assert sum(type(finder) is pytorch_names._Modules for finder in sys.meta_path) == 1


def test_tensors_and_modules_answer_too():
    x, layer = torch.ones(2), torch.nn.Linear(1, 1)
    with pytest.raises(
        NotCoveredError, match=r"^minigrad has no torch\.Tensor\.to_sparse: its tensors are dense"
    ):
        x.to_sparse()
    with pytest.raises(NotCoveredError, match=r"^minigrad has no torch\.Tensor\.stft: its numbers are real"):
        torch.Tensor.stft
    assert not hasattr(x, "to_sparse") and getattr(x, "to_sparse", 1) == 1
    assert "to_sparse" not in dir(x) and {"sum", "grad", "_array"} <= set(dir(x))
    with pytest.raises(AttributeError, match=r"^'Tensor' object has no attribute 'nonsens'"):
        x.nonsens
    with pytest.raises(AttributeError, match=r"^minigrad has no torch\.nn\.Module\.share_memory: "):
        layer.share_memory()
    assert not hasattr(layer, "share_memory") and "sum" in dir(torch.nn.Parameter(x))


def test_a_class_that_derives_from_tensor_may_have_the_name():
    class Own(torch.Tensor):
        def to_sparse(self):
            return "mine"

        def __getattr__(self, name):
            return f"no {name}"

    assert Own([1.0]).to_sparse() == "mine" and Own([1.0]).stft == "no stft"


def test_the_table_has_no_name_twice_and_each_reason_fits_a_name():
    table = pytorch_names.table()
    full = []
    for home, names in table.items():
        assert len(set(names)) == len(names), home
        full += names if home in ("torch", "modules") else [f"{home}.{name}" for name in names]
    for why, patterns in pytorch_names._reasons().items():
        alone = [p for p in patterns if not any(fnmatchcase(name, p) for name in full)]
        assert not alone, (why, alone)


def test_the_page_is_up_to_date():
    written = (DOCS / "coverage.md").read_text(encoding="utf-8")
    assert written == coverage.page(), "run: python -m minigrad.coverage > docs/coverage.md"


def test_the_page_is_printed_whole_and_by_parts(capsys, monkeypatch):
    assert coverage.main([]) == 0
    whole = capsys.readouterr().out
    assert coverage.main(["nn"]) == 0
    part = capsys.readouterr().out
    assert part in whole and part.startswith("## torch.nn\n") and "Conv2d" in part
    assert "There is no such module: its numbers are real" in coverage.section("fft")
    with pytest.raises(SystemExit):
        coverage.main(["nonsens"])
    assert "invalid choice: 'nonsens'" in capsys.readouterr().err
    monkeypatch.delitem(sys.modules, "minigrad.coverage")
    monkeypatch.setattr(sys, "argv", ["coverage", "nn"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_module("minigrad.coverage", run_name="__main__")


@pytest.mark.parity
def test_the_table_is_the_one_of_the_pytorch_that_is_installed(pytorch):
    if pytorch.__version__.split("+")[0] != pytorch_names.table()["pytorch"][0]:
        pytest.skip("the table is of another version")
    # By a process of its own: a test may have imported more of PyTorch here.
    script = [sys.executable, str(DOCS / "pytorch_names.py")]
    collected = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    written = (Path(pytorch_names.__file__).parent / "names.txt").read_text(encoding="utf-8")
    assert written == collected, "run: python docs/pytorch_names.py > minigrad/pytorch_names/names.txt"


def test_the_version_compares_as_a_version():
    version = torch.__version__
    assert isinstance(version, str) and version.split(".")[:2] == ["2", "13"]
    assert torch.version.VERSION in version and torch.version.__version__ == version
    assert version >= "1.8" and version > "2.2" and version > "2.9.1" and version >= (1, 10) and version < "3"
    assert not version < "2.13.0" and version > "2.13.0" and version > "2.13.0rc1" and version != "2.13.0"
    assert version == str(version) and hash(version) == hash(str(version)) and version <= "2.14.0a0"
    assert TorchVersion("1.8.0") == "1.8" and TorchVersion("1.8.0a0") < "1.8" and TorchVersion("x") != "y"
    assert list(map(int, version.split("+")[0].split("."))) == [2, 13, 0]


@pytest.mark.parity
def test_the_version_compares_as_pytorchs_own(pytorch):
    theirs, ours = pytorch.torch_version.TorchVersion("2.13.0+minigrad.0.1.0"), torch.__version__
    for other in (
        "1.8",
        "2.13.0",
        "2.13",
        "2.13.0+cpu",
        "2.13.1",
        "2.9.1",
        "2.14.0a0",
        "v1.0",
        "10.0",
        (2, 13),
        (2, 2),
    ):
        for compare in ("__lt__", "__le__", "__gt__", "__ge__", "__eq__"):
            assert getattr(ours, compare)(other) == getattr(theirs, compare)(other), (other, compare)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("amp.grad_scaler", "GradScaler"),
        ("amp.autocast_mode", "autocast"),
        ("cuda.amp.grad_scaler", "GradScaler"),
        ("cuda.amp.autocast_mode", "custom_fwd"),
        ("autograd.grad_mode", "no_grad"),
        ("autograd.anomaly_mode", "detect_anomaly"),
        ("autograd.gradcheck", "gradgradcheck"),
        ("distributions.exp_family", "ExponentialFamily"),
    ],
)
def test_modules_have_their_names_where_pytorch_has_them(module, name):
    found = importlib.import_module(f"minigrad.{module}")
    home = importlib.import_module(f"minigrad.{module.rpartition('.')[0]}")
    assert getattr(found, name) is getattr(home, name)
    with pytest.raises(AttributeError):
        found.nonsense
    assert callable(torch.autograd.gradcheck)  # the function, as in PyTorch


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lstm", "nn.RNN, nn.LSTM and nn.GRU run the layers"),
        ("embedding_bag", "nn.functional.embedding_bag returns the bags"),
        ("func.rearrange", r"reshape\(\) and permute\(\) do it"),
        ("Tensor.as_subclass", "results of operations on a subclass of Tensor are plain Tensors"),
        ("quasirandom", "scipy.stats.qmc"),
    ],
)
def test_a_reason_says_the_way_round(name, words):
    home, _, last = f"torch.{name}".rpartition(".")
    place = torch
    for part in home.split(".")[1:]:
        place = getattr(place, part)
    with pytest.raises(AttributeError, match=words):
        getattr(place, last)


def test_a_scripted_module_that_is_saved_is_told_how():
    with pytest.raises(AttributeError, match=r"torch\.save\(module\.state_dict\(\), file\)"):
        torch.jit.script(torch.nn.ReLU()).save("net.pt")


def test_errors_that_programs_catch_and_settings_that_they_ask_for():
    assert torch.cuda.OutOfMemoryError is torch.OutOfMemoryError and issubclass(
        torch.OutOfMemoryError, RuntimeError
    )
    assert not torch.is_anomaly_enabled() and not torch.is_autocast_available("cpu")
    with torch.autograd.set_detect_anomaly(True):
        assert torch.is_anomaly_enabled()
    assert not torch.is_anomaly_enabled()
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.fill(x, 3.0)
    assert y.tolist() == [3, 3] and x.tolist() == [1, 2]
    y.sum().backward()
    assert x.grad.tolist() == [0, 0]
    v = torch.ones(2)
    assert type(torch.utils.dlpack.to_dlpack(v)).__name__ == "PyCapsule"
    assert torch.utils.dlpack.from_dlpack(v).data_ptr() == v.data_ptr()
