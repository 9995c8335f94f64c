"""The activations beyond the core beside PyTorch's."""

import pytest

import minigrad

pytestmark = pytest.mark.parity

TABLE = """
x = real(3, 4)
    F.{relu6|hardswish|celu|mish|softsign|tanhshrink|hardshrink|softshrink}(3 * x)
    F.hardsigmoid(3 * x)                                                     # values: see test_layers.py
    F.{relu6|hardswish|celu|mish}(x * 1, inplace={True|False})
    F.hardsigmoid(x * 1, inplace=True)                                       # values
    y = x * 1; F.{relu6|hardswish|celu|mish}(y, inplace=True); y * x
    y = x * 1; F.{relu_|elu_|celu_|selu_|leaky_relu_|hardtanh_|rrelu_}(y); y * x
    y = x * 1; F.threshold_(y, 0.1, 3.0); y * x
    F.celu(x, {0.5|2.0|-0.5|alpha=1.5})
    F.celu(x, 0.0)                                                           # raises
    F.{hardshrink|softshrink}(x, {0.0|0.3|lambd=1.0})
    F.softshrink(x, -0.1)                                                    # raises
    F.threshold(x, 0.2, {0.2|-7|value=20.0})
    F.threshold(x * 1, 0.2, 5.0, True)
    F.rrelu(x{|, 0.2, 0.4|, upper=2.0})
    F.rrelu(x, 0.3, 0.3, training=True)
    y = x * 1; F.rrelu(y, 0.3, 0.3, True, True); y * x
    F.rrelu(x, 0.5, 0.3)                                                     # raises
    F.softmin(x, {0|1|dim=-1})
    F.softmin(x, dim=0, dtype=torch.float64)
    F.glu(x{|, 1|, dim=-1})
    F.glu(x, 0)                                                              # raises
    F.glu(x, 2)                                                              # raises
    F.gumbel_softmax(1e4 * x, hard=True)                                     # values
    nn = torch.nn; nn.{ReLU6|Hardswish|Hardshrink|Softshrink|CELU|Mish}()(x)  # first
    torch.nn.{Softsign|Tanhshrink|GLU}()(x)
    torch.nn.{Threshold(0.1, 2.0)|Softmin(1)|GLU(-1)|RReLU(0.2, 0.2)|Softshrink(0.1)}(x)
x = real(3, 4); w = real(4)
    F.prelu(x, {w|w[:1]|w[1]})
    F.prelu(x[0], w[:1])
    F.prelu(x[0], w)                                                         # raises
    F.prelu(x[0, 0], w)                                                      # raises
    F.prelu(x, w[:2])                                                        # raises
    F.prelu(x, w[None])                                                      # raises
    F.prelu(x, w.to(torch.float16))                                          # raises
x = real(2, 3, 4, 2); w = real(3)
    F.prelu(x, w)
    F.glu(x, {0|-1|2})
    F.glu(x, 1)                                                              # raises
x = exact([0.0, -0.0, 3.0, -3.0, 6.0, 0.5, -0.5, 1.0])
    F.{relu6|hardswish|celu|mish|softsign|tanhshrink|hardshrink|softshrink}(x)
    F.hardsigmoid(x)                                                         # values
    F.{celu(x, 0.5)|threshold(x, 0.5, 7.0)|hardshrink(x, 3.0)|softshrink(x, 3.0)}
    F.prelu(x, torch.tensor([0.25], dtype=x.dtype))
x = exact([1000.0, -1000.0, 88.8, -88.8, 30.0, -30.0])
    F.{relu6|hardswish|celu|softsign|tanhshrink|hardshrink|softshrink}(x)
    F.mish(x)                                                                # first: PyTorch has nan at 1000
x = exact([inf, -inf])  # of nan PyTorch's gradient depends on its place
    F.{celu|hardshrink|softshrink|relu6|mish|softsign|tanhshrink}(x)         # first
    F.threshold(x, 0.5, 7.0)
x = real()
    F.{relu6|hardswish|celu|mish|softsign|tanhshrink|hardshrink|softshrink}(x)
    F.prelu(x, torch.tensor([0.25], dtype=x.dtype))
    F.glu(x)                                                                 # raises
x = real(0, 4)
    F.{relu6|hardswish|celu|mish|softsign|tanhshrink|hardshrink|softshrink|glu}(x)
    F.{prelu(x, torch.ones(4, dtype=x.dtype))|softmin(x, 1)|rrelu(x)}
i = ints(3, 4, below=9)
    F.{relu6|softsign|tanhshrink}(i)
    F.threshold(i, 3, {7|7.5})
    F.{hardsigmoid|hardswish|celu|mish|hardshrink|softshrink|rrelu|glu}(i)   # complains
"""


def test_activation(case, compare):
    compare(case)


PRINTED = [
    "ReLU6()",
    "ReLU6(True)",
    "Hardsigmoid(True)",
    "Hardswish(True)",
    "Hardshrink()",
    "Softshrink(0.25)",
    "Threshold(1,2)",
    "Threshold(0.1,2.0,True)",
    "CELU()",
    "CELU(0.5,True)",
    "PReLU()",
    "PReLU(3)",
    "RReLU()",
    "RReLU(0.1,0.2,True)",
    "Mish()",
    "Mish(True)",
    "Softsign()",
    "Tanhshrink()",
    "Softmin(1)",
    "Softmin()",
    "GLU()",
    "GLU(0)",
]


@pytest.mark.parametrize("code", PRINTED)
def test_printed_form(code, pytorch):

    assert repr(eval(f"nn.{code}", {"nn": minigrad.nn})) == repr(eval(f"nn.{code}", {"nn": pytorch.nn}))
