"""Results with named parts are written as PyTorch writes them (the texts are recorded from it)."""

import copy

import pytest

import minigrad as torch

MATRIX = torch.tensor([[2.0, 1.0], [1.0, 3.0]])
CALLS = {
    "max": lambda x: x.max(1),
    "min": lambda x: x.min(1),
    "sort": lambda x: x.sort(),
    "topk": lambda x: x.topk(1),
    "mode": lambda x: x.mode(),
    "median": lambda x: x.median(0),
    "nanmedian": lambda x: x.nanmedian(0),
    "kthvalue": lambda x: x.kthvalue(1),
    "cummax": lambda x: x.cummax(0),
    "cummin": lambda x: x.cummin(0),
    "aminmax": lambda x: x.aminmax(),
    "histogram": lambda x: torch.histogram(x.flatten(), 2),
    "frexp": torch.frexp,
    "svd": torch.svd,
    "qr": torch.qr,
    "slogdet": torch.slogdet,
    "triangular_solve": lambda x: torch.triangular_solve(x, x),
    "linalg_svd": torch.linalg.svd,
    "linalg_qr": torch.linalg.qr,
    "linalg_eigh": torch.linalg.eigh,
    "linalg_slogdet": torch.linalg.slogdet,
    "linalg_cholesky_ex": torch.linalg.cholesky_ex,
    "linalg_inv_ex": torch.linalg.inv_ex,
    "linalg_solve_ex": lambda x: torch.linalg.solve_ex(x, x),
    "linalg_lstsq": lambda x: torch.linalg.lstsq(x, x),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_text_names_the_function_and_gives_each_part_a_line(name):
    result = CALLS[name](MATRIX)
    parts = ",\n".join(f"{part}={value!r}" for part, value in result._asdict().items())
    assert repr(result) == str(result) == f"torch.return_types.{name}(\n{parts})"
    assert repr(copy.deepcopy(result)) == repr(result)


def test_the_text_of_a_maximum_is_that_of_pytorch():
    assert repr(torch.max(MATRIX, 1)) == (
        "torch.return_types.max(\nvalues=tensor([2., 3.]),\nindices=tensor([0, 1]))"
    )


@pytest.mark.parametrize("name", ["kthvalue", "mode", "nanmedian", "cummax"])
def test_a_result_without_axes_has_the_same_text(name):
    x = torch.tensor(2.0)
    call = {"kthvalue": lambda: x.kthvalue(1), "cummax": lambda: x.cummax(0)}.get(
        name, lambda: getattr(x, name)(0)
    )
    assert repr(call()) == f"torch.return_types.{name}(\nvalues=tensor(2.),\nindices=tensor(0))"
