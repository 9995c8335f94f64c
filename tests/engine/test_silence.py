"""No function warns or raises where NumPy is told to: log(0) is -inf here as in PyTorch, without a word."""

import warnings

import numpy as np
import pytest

import minigrad as torch
from minigrad.nn import functional as F

VALUES = [0.0, -0.0, 1.0, -1.0, 0.5, 1e38, -1e38, 1e-45, np.inf, -np.inf, np.nan, 1e30]
WHOLE = [0, 1, -1, 2, 3, 127, -128, 5, 0, 0, 1, 1]
DTYPES = [torch.float32, torch.float64, torch.float16, torch.int8]


def extreme(dtype, *shape):
    """Values at which arithmetic overflows, underflows and is invalid."""
    with np.errstate(all="ignore"):
        values = np.array(VALUES if dtype.kind == "f" else WHOLE).astype(dtype)
    x = torch.from_numpy(values.reshape(shape or (3, 4)))
    return x.requires_grad_() if dtype.kind == "f" else x


ARGUMENTS = [
    lambda d: (extreme(d),),
    lambda d: (extreme(d), extreme(d)),
    lambda d: (extreme(d), 2),
    lambda d: (extreme(d), 1e300),
    lambda d: (extreme(d, 12), extreme(d, 12)),
    lambda d: (extreme(d), extreme(d), extreme(d)),
    lambda d: (extreme(d), extreme(d, 4, 3)),
    lambda d: (extreme(d), extreme(torch.float64) * 1e200),
    lambda d: ([extreme(d), extreme(d)],),
    lambda d: (extreme(d) > 0, extreme(d), extreme(d)),
    lambda d: (extreme(d), extreme(d) > 0, 1e38),
    lambda d: (extreme(d), torch.float16),
    lambda d: (extreme(d), torch.tensor([0, 1, 2])),
    lambda d: (extreme(d), torch.zeros(4, dtype=d), torch.ones(4, dtype=d)),
    lambda d: ("ij,kj->ik", extreme(d), extreme(d)),
]


def outcome(call, make, dtype, *, strict):
    """What a call and its backward give, or the error, with NumPy told to raise or to keep still."""
    try:
        with warnings.catch_warnings(), np.errstate(all="raise" if strict else "ignore"):
            warnings.simplefilter("ignore")
            if strict:
                warnings.simplefilter("error", RuntimeWarning)
            first, *rest = make(dtype)
            if isinstance(first, torch.Tensor) and first.requires_grad and call.__name__.endswith("_"):
                first = first.detach()
            out = call(first, *rest)
            outputs = out if isinstance(out, (tuple, list)) else [out]
            recorded = [o for o in outputs if isinstance(o, torch.Tensor) and o.requires_grad]
            if recorded:
                torch.autograd.backward([o.sum() for o in recorded])
            repr(out)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "well"


def public(home):
    settings = ("set_printoptions", "set_default_device")
    named = [(n, f) for n, f in vars(home).items() if n[0] != "_" and n not in settings]
    return [f for _, f in named if callable(f) and not isinstance(f, type)]


def methods():
    names = [
        n
        for n in dir(torch.Tensor)
        if (n[0] != "_" or n in ("__rpow__", "__mod__", "__rtruediv__", "__floordiv__"))
        and hasattr(torch.Tensor, n)
    ]
    return [getattr(torch.Tensor, n) for n in names if n not in ("backward", "register_hook")]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_nothing_warns_or_raises_where_numpy_is_told_to(dtype):
    calls = [f for f in (*public(torch), *methods(), *public(F)) if callable(f)]
    assert len(calls) > 400
    loud, well = [], 0
    for call in calls:
        for i, make in enumerate(ARGUMENTS):
            strict = outcome(call, make, dtype, strict=True)
            well += strict == "well"
            if strict != "well" and outcome(call, make, dtype, strict=False) == "well":
                loud.append((call.__name__, i, strict))
    assert well > 700
    assert loud == []


def test_a_filter_of_python_s_own_that_names_a_module_in_plain_text_is_read():
    own = ("default", None, DeprecationWarning, "__main__", 0)  # as every start of Python leaves it
    with warnings.catch_warnings():
        warnings.filters[:] = [("ignore", None, UserWarning, None, 0), own]
        x = torch.tensor([2.0], requires_grad=True)
        (x.expand(3, 1) ** 2).sum().backward()
        assert torch.log(x - 2).item() == -np.inf
    assert x.grad.item() == 12.0
