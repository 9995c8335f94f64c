"""How tensors print beside PyTorch's."""

import pytest

pytestmark = pytest.mark.parity

TABLE = """
()
    repr(torch.tensor({1|1.5|True|-3.0|0.0|nan|inf|-inf}))
    repr(torch.tensor({1e10|1e-10|123456789.0|100000.0|0.1|1e5|99999.5|1e-3}))
    repr(torch.tensor({[1, 2]|[1.0, 2.0]|[1.5, -2.25]|[True, False]|[]}))
    repr(torch.tensor({[[]]|[[], []]|[[1, 2], [3, 4]]|[[1.0], [-2.5]]}))
    repr(torch.tensor({[1, 1000]|[-1, 10]|[1.0, 1000.0]|[0.001, 1000.0]}))
    repr(torch.tensor({[1e-5, 1.0]|[1e-4, 1.0]|[1e8, 1.0]|[1e9, 1.0]}))
    repr(torch.tensor({[nan, 1.0]|[nan, 1.5]|[inf, 1.0]|[-inf, 0.5]}))
    repr(torch.tensor({[nan, inf]|[nan, 1e10]|[0.0, -0.0]|[1e-20, 0.0]}))
    repr(torch.tensor({[0.1234567]|[1234.5678]|[12345.678, 0.1]|[0.00012345]}))
    repr(torch.tensor({[999.9999]|[0.99999]|[100.0, 0.5]|[1e-8, 2e-8]}))
    repr(torch.tensor({[1e7, 2e7]|[1e8, 2e8]|[1.5e8, 2e8]|[123456.0, 1.5]}))
    repr(torch.tensor({[1e3, 1e-1]|[1001.0, 1.0]|[1001.5, 1.0]}))
    repr(torch.tensor([1.5, 2.0], dtype=torch.{float64|float16|float32}))
    repr(torch.tensor([1.0, 2.0], dtype=torch.{float64|float16|int8|int16|int32|int64|uint8|bool}))
    repr(torch.zeros({0|0, 3|3, 0|2, 0, 4|()}{|, dtype=torch.float64|, dtype=torch.int64|, dtype=torch.bool}))
    repr(torch.zeros({2|2, 3|2, 3, 4|1, 1, 1|2, 1, 2, 2}))
    repr(torch.arange({10|100|999|1000|1001|2000}))
    repr(torch.arange({10.0|100.0|1000.0|1001.0|2000.0}))
    repr(torch.arange(100.0).reshape({10, 10|2, 50|50, 2|4, 5, 5}))
    repr(torch.arange(1200).reshape({30, 40|2, 600|600, 2|10, 12, 10|3, 4, 10, 10|1200, 1|1, 1200|8, 150}))
    repr(torch.arange(2000.0).reshape({40, 50|2, 10, 100|2, 1000}) / 7)
    repr(torch.arange(30.0) / {7|1000|3e5})
    repr(torch.linspace(0, 1, {3|7|50}))
    repr(torch.linspace(-1e6, 1e6, 9))
    repr(torch.eye({1|3|4}))
    repr(torch.eye(3, dtype=torch.bool))
    repr(torch.arange(6).reshape(2, 3) * {1|1000|-1000000|10 ** 15})
    repr(torch.arange(24.0).reshape(2, 3, 4) * {1|0.5|-1|1e6|1e-6})
    repr(torch.ones(2, requires_grad=True))
    repr(torch.ones(2, dtype=torch.float64, requires_grad=True))
    repr(torch.ones((), requires_grad=True))
    repr(torch.ones(0, 2, requires_grad=True))
    repr(torch.ones(2, requires_grad=True) {*|+|/|-|**} 2)
    repr(torch.ones(2, requires_grad=True).{exp|tanh|sin|sqrt|relu|sigmoid|log|abs|neg|clone|cos}())
    repr(torch.ones(2, requires_grad=True).{mean()|detach()|unsqueeze(0)|cumsum(0)|expand(2, 2)})
    repr(torch.ones(2, 2, requires_grad=True).{mT|permute(1, 0)|transpose(0, 1)})
    repr(torch.ones(40, 40, requires_grad=True) * 1.5)
    repr(torch.ones(25, requires_grad=True) * 0.1)
    str(torch.tensor({1.5|[1, 2]|[[1.0, 2.0], [3.0, 4.0]]}))
    f'{torch.tensor([1.5])} {torch.ones(2, 2)}'
    repr(torch.nn.Parameter(torch.ones(2)))
    repr(torch.tensor([[1.0, nan], [inf, -1.0]])), repr(torch.tensor([[0.5, nan], [inf, -1.0]]))
    repr([torch.tensor(1.0), torch.tensor([2])])
    repr({'a': torch.ones(1)})
    repr(torch.tensor([[[1.5, 2.0]], [[3.0, 1e4]]]))
    repr(torch.full((3, 3), 1e-3)), repr(torch.full((2,), 1e20))
    repr(torch.tensor([2 ** 40, -1])), repr(torch.tensor([127], dtype=torch.int8)), repr(torch.tensor(-0.0))
"""


def test_printing(case, compare):
    compare(case)
