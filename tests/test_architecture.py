"""The shape of the package: imports point downwards, nothing is imported or set from afar."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad
from minigrad._tensor.methods_later import LENT

ROOT = Path(minigrad.__file__).parent
# From the ground up. A module may import what stands on a lower line, and its own folder.
LAYERS = [
    {"pytorch_names"},  # PyTorch's names, and the answer to one that is not there
    {"ops", "version"},
    {"first_engine"},  # the engine to read first, on the table alone
    {"engine"},
    {"_tensor"},
    {"creation", "functional", "linalg"},
    {"sampling"},
    {"batching"},  # arrays that are batches of samples
    {"profiler"},  # over Python's own
    {"autograd"},
    {"distributed", "hub", "multiprocessing"},  # other processes, the network
    {"nn"},
    {"func", "optim", "utils", "checkpoint"},
    {"amp", "serialization"},
    {"settings"},
    {
        "accelerator",
        "backends",
        "cpu",
        "cuda",
        "mps",
        "threads",
        "xpu",
    },  # what PyTorch tells of devices and threads
    {
        "functions_of_layers",
        "functions_of_losses",
        "jit",
        "older",
        "random",
        "special",
        "sequences",
    },
    {"distributions"},
    {"program"},  # compiled calls
    {"viz"},
    {"", "_later"},  # the package's __init__, and what it loads when it is asked for
    {"__main__", "coverage"},  # programs beside the library
    {"testing"},  # loaded only where it is asked for, so it may use the package as users do
    {"learn"},  # exercises, which draw their cases as tests do
]
# The parts of the inside that a part may know; of the public modules it may import any below it.
KNOWS = {
    "ops": set(),  # the table of derivatives: never a Tensor
    "first_engine": {"ops"},
    "engine": {"ops"},
    "nn": {"_tensor", "ops"},
    "optim": {"_tensor"},
    "utils": {"_tensor"},
    "checkpoint": {"_tensor"},
    "testing": {"_tensor", "ops"},
    "program": {"_tensor", "engine", "ops"},
    "viz": {"_tensor", "engine", "ops"},
}
INSIDE = {"ops", "engine", "_tensor"}


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(p for p in parts if p != "__init__"), path


MODULES = dict(modules())


def part_of(name):
    return name.split(".")[0]


def target(node, name, path):
    """The modules of ours that an import statement names, as dotted names below the package."""
    if isinstance(node, ast.Import):
        named = [alias.name for alias in node.names]
        return [n.removeprefix("minigrad").lstrip(".") for n in named if n.split(".")[0] == "minigrad"]
    if node.level:
        package = name.split(".") if name else []
        if path.name != "__init__.py":
            package = package[:-1]
        package = package[: len(package) - (node.level - 1)]
    elif (node.module or "").split(".")[0] == "minigrad":
        package = []
    else:
        return []
    inner = (node.module or "").removeprefix("minigrad").lstrip(".") if not node.level else node.module or ""
    base = ".".join([*package, *([inner] if inner else [])])
    found = []
    for alias in node.names:
        deeper = f"{base}.{alias.name}" if base else alias.name
        found.append(deeper if deeper in MODULES else base)
    return found


class Imports:
    """The imports of our own modules: those that run when the module is read, and those within functions."""

    def __init__(self, name, path):
        self.top, self.inside = set(), set()
        waiting = [(ast.parse(path.read_text(encoding="utf-8")), self.top)]
        while waiting:
            node, found = waiting.pop()
            if isinstance(node, ast.Import | ast.ImportFrom):
                found.update(target(node, name, path))
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                continue
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found = self.inside
            waiting += [(child, found) for child in ast.iter_child_nodes(node)]


IMPORTS = {name: Imports(name, path) for name, path in MODULES.items()}
RANK = {part: rank for rank, parts in enumerate(LAYERS) for part in parts}


def test_every_part_of_the_package_has_a_layer():
    assert {part_of(name) for name in MODULES} == set(RANK)


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_downwards(name):
    for other in IMPORTS[name].top:
        if part_of(other) == part_of(name):
            continue
        assert RANK[part_of(other)] < RANK[part_of(name)], (
            f"{name or 'minigrad'} imports {other or 'minigrad'}"
        )


@pytest.mark.parametrize("name", [n for n in MODULES if part_of(n) in KNOWS])
def test_a_part_knows_no_more_of_the_inside_than_it_needs(name):
    inside = set(map(part_of, IMPORTS[name].top)) & INSIDE
    assert inside - {part_of(name)} <= KNOWS[part_of(name)]


def test_no_two_modules_import_each_other():
    done, on_the_way = set(), []

    def visit(name):
        assert name not in on_the_way, f"a circle: {' -> '.join([*on_the_way, name])}"
        if name not in done:
            on_the_way.append(name)
            # Its own package is half loaded when a module asks it for a sister: no circle.
            for other in sorted(IMPORTS[name].top - {name, name.rpartition(".")[0]}):
                visit(other)
            done.add(on_the_way.pop())

    for name in MODULES:
        visit(name)


@pytest.mark.parametrize("name", MODULES)
def test_nothing_of_ours_is_imported_within_a_function(name):
    assert not IMPORTS[name].inside


@pytest.mark.parametrize("name", MODULES)
def test_nothing_is_set_from_afar(name):
    """No attribute of an imported module or class is assigned: what a class is stands in its own file."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    imported = {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    imported.discard("mode")  # the grad mode of this thread is there to be set
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for t in targets:
            if isinstance(t, ast.Attribute) and isinstance(t.value, ast.Name):
                assert t.value.id not in imported, f"line {t.lineno} sets {ast.unparse(t)}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr":
            assert isinstance(node.args[0], ast.Name) and node.args[0].id not in imported


def test_the_package_itself_defines_nothing():
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    assert isinstance(tree.body[0], ast.Expr)  # the docstring
    statements = []
    for node in tree.body[1:]:
        is_choice = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        statements += [*node.body, *node.orelse] if is_choice else [node]
    for node in statements:
        if isinstance(node, ast.Assign):
            assert [t.id for t in node.targets] == ["__all__"]
        else:
            assert isinstance(node, ast.ImportFrom)


def test_the_public_names_are_there_and_each_once():
    assert len(set(minigrad.__all__)) == len(minigrad.__all__)
    for name in minigrad.__all__:
        assert hasattr(minigrad, name) and not name.startswith("_"), name


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()


def test_importing_minigrad_imports_nothing_heavy():
    optional = "matplotlib graphviz hypothesis sklearn scipy tqdm torch safetensors pytest pandas PIL"
    loaded = run(
        f"import sys, minigrad; print(*[m for m in {optional.split()} if m in sys.modules]); "
        "print('numpy' in sys.modules)"
    )
    assert loaded == ["True"]


def test_viz_loads_when_it_is_first_asked_for():
    def loads(use):
        return run(f"import sys, minigrad; {use}; print('minigrad.viz' in sys.modules)")

    assert loads("minigrad.tensor(1.0), dir(minigrad), hasattr(minigrad, 'graph')") == ["False"]
    for use in (
        "minigrad.viz.graph",
        "minigrad.explain(minigrad.ones(1, requires_grad=True) * 2)",
        "from minigrad import viz; viz.graph",
        "from minigrad import explain; explain.__doc__",
        "import minigrad.viz as viz; viz.graph",
        "from minigrad import *; viz.graph",
    ):
        assert loads(use) == ["True"], use


@pytest.mark.parametrize(
    ("module", "use"),
    [
        ("minigrad.optim.lr_scheduler", "minigrad.optim.lr_scheduler.StepLR"),
        ("minigrad.utils.data", "minigrad.utils.data.DataLoader"),
        ("minigrad.checkpoint", "minigrad.load"),
        ("minigrad.serialization", "minigrad.serialization.safe_globals"),
        ("minigrad.nn.recurrent", "minigrad.nn.LSTM"),
        ("minigrad.ops.recurrence", "minigrad.nn.LSTM"),
        ("minigrad.nn", "minigrad.nn.Linear"),
        ("minigrad.linalg", "minigrad.linalg.norm"),
        ("minigrad.creation", "minigrad.tensor"),
        ("minigrad.functional", "minigrad.stack"),
        ("minigrad.ops.class_losses", "minigrad.nn.functional.cross_entropy"),
        ("minigrad.ops.normalisation", "minigrad.nn.functional.layer_norm"),
        ("minigrad.autograd.function", "minigrad.autograd.Function"),
        ("minigrad.autograd._check", "import minigrad.autograd.gradcheck; minigrad.autograd.gradcheck"),
        ("minigrad._tensor.compositions.algebra", "minigrad.Tensor.mm"),
        ("minigrad._tensor.in_place_draws", "minigrad.Tensor.normal_"),
        ("minigrad._tensor.in_place_rewritten", "minigrad.Tensor.t_"),
        ("minigrad._tensor.random", "minigrad.manual_seed"),
        ("minigrad._tensor.text", "str(minigrad.ones(1))"),
    ],
)
def test_a_family_loads_when_it_is_first_used(module, use):
    code = f"import sys, minigrad; print({module!r} in sys.modules); {use}; print({module!r} in sys.modules)"
    assert run(code) == ["False", "True"]
    name = module.rpartition(".")[2]
    if module.count(".") == 2 and module.split(".")[1] in ("optim", "utils"):
        assert run(f"from {module.rpartition('.')[0]} import {name}; print({name}.__name__)") == [module]
        assert run(f"import minigrad; print({name!r} in dir({module.rpartition('.')[0]}))") == ["True"]


def test_importing_minigrad_loads_the_tensor_and_its_ops_alone():
    """It is to take at most 1.25 of the time of NumPy's import, so all else waits until it is asked for."""
    loaded = run("import sys, minigrad; print(*[m for m in sys.modules if m.startswith('minigrad.')])")
    parts = {part_of(name.removeprefix("minigrad.")) for name in loaded}
    assert parts == {"_later", "_tensor", "engine", "ops", "pytorch_names", "version"}
    heavy = "minigrad.ops.about threading string copy fnmatch json pathlib numpy.random numpy.linalg.linalg"
    assert run(f"import sys, minigrad; print(*[m for m in {heavy.split()} if m in sys.modules])") == []


@pytest.mark.parametrize("home", LENT)
def test_a_class_lends_all_its_methods(home):
    module, _, name = home.partition(".")
    lender = getattr(importlib.import_module(f"minigrad._tensor.{module}"), name)
    own = {key for key, value in vars(lender).items() if callable(value)}
    assert own == set(LENT[home].split())
    for key in own:
        assert getattr(minigrad.Tensor, key) is getattr(lender, key)


def test_threads_that_ask_for_a_name_at_once_get_the_same_object():
    code = """
import sys, threading, minigrad
sys.setswitchinterval(1e-6)
names = [n for n in minigrad.__all__ if n not in vars(minigrad)]
found, start = [], threading.Barrier(8)
def ask():
    start.wait()
    mine = [getattr(minigrad, n) for n in names]
    methods = [getattr(minigrad.Tensor, n, None) for n in names]
    start.wait()
    again = [getattr(minigrad, n) for n in names], [getattr(minigrad.Tensor, n, None) for n in names]
    found.append((mine, methods) == again)
threads = [threading.Thread(target=ask) for _ in range(8)]
[t.start() for t in threads], [t.join() for t in threads]
print(len(names) > 100, found == [True] * 8)
"""
    assert run(code) == ["True", "True"]


def test_what_loads_later_is_listed_and_a_misspelt_name_is_not_taken_for_it():
    assert {"viz", "explain", "tensor", "__version__"} <= set(dir(minigrad))
    assert minigrad.explain is minigrad.viz.explain
    with pytest.raises(AttributeError, match="module 'minigrad' has no attribute 'vis'") as caught:
        minigrad.vis
    assert (caught.value.name, caught.value.obj) == ("vis", minigrad)  # from which Python suggests 'viz'


def test_importing_minigrad_writes_and_warns_nothing_and_keeps_numpys_settings():
    code = (
        "import numpy as np; before = np.geterr(), np.get_printoptions(); "
        "import minigrad; print((np.geterr(), np.get_printoptions()) == before)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert (done.stdout.strip(), done.stderr) == ("True", "")


@pytest.mark.parametrize(("file", "most"), [("first_engine.py", 90), ("engine/walk.py", 100)])
def test_a_file_to_read_in_one_sitting_stays_short(file, most):
    assert len((ROOT / file).read_text(encoding="utf-8").splitlines()) <= most
