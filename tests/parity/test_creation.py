"""Making tensors, and what leads out of them, beside PyTorch's; the shapes and ranges of random ones."""

import numpy as np
import pytest

import minigrad

pytestmark = pytest.mark.parity

TABLE = """
()
    torch.tensor({1|1.5|True|[1, 2]|[1.0, 2]|[True, False]|[[1, 2], [3, 4]]})
    torch.tensor({(1, 2)|[]|[[]]|[True, 2]|[True, 2.5]|1e40})
    torch.tensor({np.ones(2)|np.arange(3)|np.float32(2)|np.float64(2)|np.int8(1)|np.ones((2, 2), np.float32)})
    torch.tensor([np.float64(1)])
    torch.tensor([1, 2], dtype={torch.float32|torch.float64|torch.int8|torch.bool|torch.uint8|float|int|bool})
    torch.tensor([1.7, -2.7], dtype={torch.int64|torch.int8|torch.float16|torch.bool})
    torch.tensor(torch.tensor([1.0, 2.0]).tolist())
    torch.tensor([torch.tensor(1.0), torch.tensor(2.0)])
    torch.tensor([1.0, 2.0], requires_grad=True) * 2
    torch.tensor(data=[1.0])
    torch.tensor({[[1, 2], [3]]|'abc'|None|[None]|object()|[1, 'a']})        # complains
    torch.tensor([1, 2], requires_grad=True)                                 # raises
    torch.tensor([1.0], dtype='float31')                                     # complains
    torch.tensor(1j)                                                         # refused: no complex numbers
    torch.as_tensor({[1, 2]|1.5|np.arange(3)|[1.0, 2.0]})
    torch.as_tensor([1, 2], dtype=torch.float64)
    a = np.zeros(2); t = torch.{as_tensor|from_numpy}(a); a[0] = 5; t
    a = np.zeros(2); t = torch.tensor(a); a[0] = 5; t
    torch.from_numpy(np.arange(6).reshape(2, 3))
    torch.from_numpy({[1, 2]|3})                                             # raises
    torch.from_numpy(np.array(['a']))                                        # raises
    torch.from_numpy(np.zeros(2, np.complex64))                              # refused
    torch.Tensor({[1, 2, 3]|(2, 3)|[True]|[]|np.ones(2)|range(3)|torch.tensor(3.0)|torch.ones(2).double()})
    torch.Tensor({3|2, 3|0|np.int64(3)|2, torch.tensor(3)|}) * 0 == 7
    torch.Tensor({3.0|True|None|2.0, 3|'a'})                                  # raises
    torch.Tensor(-1)                                                         # raises
    torch.arange({5|0|2, 5|1, 10, 3|5, 0, -1|0, -5, -2|2.0|0.0, 1.0, 0.1|1, 2, 0.25|0.5, 3|10, 0, -2.5})
    torch.arange({5|5.0|0, 5}, dtype={torch.float32|torch.int32|torch.float64})
    torch.arange({end=3|start=1, end=3|start=1, end=7, step=2|1, end=4|1, 4, step=2})
    torch.arange({0.1, -7.9, -4|-0.9, 2.1, 2.0|2.1, -2.9, -1.0|0.9, 4.5, 1.5}, dtype=torch.int64)
    torch.arange(3.0, requires_grad=True) * 2
    torch.arange(-8.0, 8.0, 0.1)
    torch.arange({0, 1, 0|0, 5, -1|5, 0})                                    # raises
    torch.arange(3, requires_grad=True)                                      # raises
    torch.linspace({0, 1, 5|0, 1, 1|0, 1, 0|-1, 1, 4})
    torch.linspace({3.0, -3.0, 7|0, 10, steps=11|start=0, end=1, steps=3|2, 2, 3})
    torch.linspace(0, 1, 5, dtype={torch.float64|torch.float16})
    torch.linspace({0, 10, 5|0, 10, 4|-2, 4, 50|-2.7, 3.9, 9|4, -3, 20|5, 5, 1|0, 0, 0}, dtype=torch.int64)
    torch.linspace({torch.tensor(1.0), 3, 5|np.float32(1), torch.tensor(2), 4})
    torch.linspace(0, 3, 1.0)                                                # raises
    torch.linspace(0, 1, 3, requires_grad=True) * 2
    torch.linspace(0, 1, -1)                                                 # raises
    torch.linspace(0, 1)                                                     # raises
    torch.{zeros|ones}({3|2, 3|(2, 3)|[2]|()|0|2, 0|size=(2,)})
    torch.{zeros|ones}(2, dtype={torch.int64|torch.float64|torch.bool|torch.float16|torch.uint8})
    torch.{zeros|ones}(2, requires_grad=True) * 2
    torch.{zeros|ones|empty}({-1|2, -3|'a'|1.5})                             # raises
    torch.zeros(2, dtype=torch.int64, requires_grad=True)                    # raises
    torch.zeros(2, device='cpu')
    torch.full({(2,), 1.5|(2, 3), 7|[2], True})
    torch.full({(), 3|(2,), 2.0, dtype=torch.int64|(2,), 1, dtype=torch.float32})
    torch.full(size=(2,), fill_value=3)
    torch.full((2,), torch.tensor(3.5))
    torch.full((2,), np.float64(1.5))
    torch.eye({3|2, 3|3, 2|0|n=2, m=4|2, dtype=torch.int64})
    torch.eye(-1)                                                            # raises
    torch.{zeros|ones}_like(torch.arange(6).reshape(2, 3){|, dtype=torch.float64|, requires_grad=False})
    torch.full_like({torch.arange(3)|torch.zeros(2, dtype=torch.float64)}, {7|2.5|True|0.1})
    torch.full((2,), 0.1, dtype=torch.float64)
    torch.zeros(2, dtype=torch.float64).new_full((2,), 0.1), torch.zeros(2, dtype=torch.float64).fill_(0.1)
    torch.zeros(2, dtype=torch.float64) + 0.1
    torch.zeros(2, dtype=torch.float64).masked_fill(torch.ones(2) > 0, 0.1)
    torch.full_like(torch.zeros(2), 3, dtype=torch.int64)
    torch.zeros_like(torch.ones(2), requires_grad=True) * 1
    torch.{zeros|ones}_like(input=torch.ones(2))
    torch.empty(2, 3).shape, torch.empty((2, 3), dtype=torch.int64).dtype
    torch.empty_like(torch.ones(2, 1)).shape
    torch.empty(2).dtype, torch.empty(0), torch.empty(2, 0, dtype=torch.float64)
    torch.rand(2, 3).shape, torch.rand((2,)).dtype
    torch.rand(2, dtype=torch.float64).dtype, torch.rand(size=(2,)).shape
    torch.randn(2, 3).shape, torch.randn(()).shape, torch.randn([2]).dtype
    torch.randn(2, requires_grad=True).requires_grad
    torch.randint(3, (2,)).dtype, torch.randint(2, 3, (4,))
    torch.randint(0, 5, size=(2,), dtype=torch.int32).dtype
    torch.randint(5, 6, (2,), dtype=torch.float32)
    torch.randint(high=1, size=(2,)), torch.randint(low=1, high=2, size=(2,))
    torch.randint(3, 3, (2,))                                                # raises
    torch.randperm(5).sort()[0], torch.randperm(0), torch.randperm(3, dtype=torch.int32).dtype
    torch.rand_like(torch.ones(2)).shape, torch.randn_like(torch.ones(2, dtype=torch.float64)).dtype
    torch.randint_like(torch.ones(2), 5).dtype, torch.randint_like(torch.ones(2), 2, 3)
    torch.rand(2, dtype=torch.int64)                                         # raises
    torch.randn(2, dtype=torch.int64)                                        # raises
    torch.manual_seed(3).initial_seed()
    torch.manual_seed(0); a = torch.rand(3); torch.manual_seed(0); (a == torch.rand(3)).all()
    a, b = (torch.rand(3, generator=torch.Generator().manual_seed(1)) for _ in range(2)); a == b
    torch.get_default_dtype()
    d = torch.set_default_dtype; d(torch.float64); a = torch.tensor([1.5]), torch.ones(1); d(torch.float32); a
    torch.set_default_dtype(torch.int64)                                     # raises
    torch.promote_types({torch.float32, torch.int64|torch.int8, torch.uint8})
    torch.promote_types({torch.bool, torch.int8|torch.float16, torch.float32})
    torch.is_tensor(torch.ones(1)), torch.is_tensor(1), torch.is_floating_point(torch.ones(1))
x = real(2, 3); i = ints(3); b = bools(2)
    x.detach().tolist(), i.tolist(), b.tolist(), x[0, 0].item() == x[0, 0].tolist(), i[0].item(), b[0].item()
    x.item()                                                                 # raises
    float(x), int(i)                                                         # complains
    bool(x)                                                                  # raises
    {len(x[0, 0])|iter(x[0, 0])}                                             # raises
    x.numpy()                                                                # raises
    x.detach().numpy().shape, np.asarray(i).dtype.name, np.array(b).tolist()
    float(x[0, 0].detach()), int(i[0]), bool(b[0]), range(5)[i[0]], [1, 2, 3, 4, 5][i[0]]
    [0, 1][x[0, 0]]                                                          # raises
    f'{i[0]}', f'{i[0]:>5}', f'{x[0, 0]}'
    f'{x[0, 0].detach():.3f}', f'{i[0]:d}', '{:.2e}'.format(x.detach()[0, 0]), '%.3f' % x[0, 0].detach()
    f'{x.detach():.3f}'                                                      # complains
    i.sum().item() in i.tolist(), i[0] in i, 99 in i
    hash(x) == hash(x), x.dim(), x.is_contiguous(), x.T.is_contiguous(), x.stride()
    x.data.requires_grad, x.data.tolist() == x.tolist(), (x * 2).data.is_leaf
    x.copy_(x)                                                               # raises
    y = x.detach().clone(); y.requires_grad_(); y.requires_grad, y.requires_grad_(False).requires_grad
    (x * 2).requires_grad_(False)                                            # raises
    d = torch.set_default_dtype; d(torch.float64); a = torch.arange(2.0), i / 2; d(torch.float32); a
    i.float().requires_grad_() * 2
    i.requires_grad_()                                                       # raises
    x.type(), x.float().type(), i.type()
"""


def test_creation(case, compare):
    compare(case)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_random_numbers_have_the_distributions_of_pytorch(dtype, pytorch):
    moments = []
    for lib in (minigrad, pytorch):
        lib.manual_seed(0)
        kind = getattr(lib, dtype)
        drawn = [
            lib.rand(100_000, dtype=kind),
            lib.randn(100_000, dtype=kind),
            lib.randint(-3, 4, (100_000,)).to(kind),
            lib.empty(100_000, dtype=kind).uniform_(-1, 2),
            lib.empty(100_000, dtype=kind).normal_(1, 2),
        ]
        moments.append([(x.mean().item(), x.var().item(), x.amin().item(), x.amax().item()) for x in drawn])
    for ours, theirs in zip(*moments, strict=True):
        np.testing.assert_allclose(ours[:2], theirs[:2], atol=0.05)
        np.testing.assert_allclose(ours[2:], theirs[2:], atol=1.0)


def test_memory_is_shared_both_ways(pytorch):
    theirs = pytorch.arange(3.0)
    ours = minigrad.from_dlpack(theirs)
    ours[0] = 7.0
    assert theirs[0] == 7.0
    back = pytorch.from_dlpack(ours)
    back[1] = 8.0
    assert ours.tolist() == [7.0, 8.0, 2.0]
    assert np.from_dlpack(ours)[1] == 8.0
