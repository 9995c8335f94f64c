"""Reductions, scans, sorting and norms beside PyTorch's."""

import pytest

pytestmark = pytest.mark.parity

TABLE = """
x = real(2, 3, 4)
    torch.{sum|mean|prod|amax|amin|var|std|norm|argmax|argmin|all|any|max|min}(x)
    x.{sum|mean|prod|amax|amin|var|std|norm|argmax|argmin|all|any|max|min}()
    torch.{sum|mean|prod|amax|amin|var|std|logsumexp|argmax|argmin|all|any|max|min}(x, {0|1|-1})
    x.{sum|mean|prod|amax|amin|var|std|logsumexp|argmax|argmin|all|any|max|min}(dim={0|-2})
    torch.{sum|mean|prod|amax|amin|var|std|logsumexp|argmax|argmin|all|any|max|min}(x, dim=1, keepdim=True)
    x.{sum|mean|prod|amax|amin|logsumexp|argmax|argmin|all|any|max|min}(1, True)
    torch.{sum|mean|amax|amin|var|std|logsumexp|all|any}(x, dim={(0, 1)|[0, -1]|(2,)|(0, 1, 2)})
    x.{sum|mean|amax|amin|logsumexp|all|any}((0, 2), True)
    x.{sum|mean|amax|amin|logsumexp|all|any}(dim=(-1, 0), keepdim=True)
    torch.{sum|mean|amax|amin|all|any}(x, dim=())
    torch.{var|std}(x, dim=())  # values: PyTorch's gradient is inf
    torch.logsumexp(x, dim=())                                               # extra
    torch.{sum|mean|var|std|all|any|argmax|argmin}(x, dim=None)
    torch.{sum|mean|var|std|argmax}(x, dim=None, keepdim=True)
    torch.{sum|mean}(x, None, True)
    torch.{sum|mean|amax|amin|argmax|all}(x, axis=1)
    torch.{sum|mean|amax|all}(x, axis=1, keepdims=True)
    torch.{max(x, axis=1)|cumsum(x, axis=1)|prod(x, axis=1, keepdims=True)}
    torch.{sum|mean|prod|cumsum|cumprod}(x, 1, dtype=torch.float64)
    torch.{sum|mean|prod}(x, dtype=torch.float32)                            # rough
    x.sum(1, False, dtype=torch.float64)
    torch.{sum|mean|prod|amax|amin|var|std|logsumexp|argmax|all|any|max|cumsum|cumprod|sort}(x, 3)  # raises
    torch.{sum|mean|amax|var|logsumexp|all}(x, dim=(0, 0))                   # raises
    torch.{argmax|max|min}(x, (0, 1))                                        # raises
    torch.prod(x, (0, 1))                                                    # extra
    torch.{prod|cumsum|cumprod}(x, 0, 1, 2)                                  # raises
    torch.{sum|mean|max}(x, 'a')                                             # raises
    torch.{sum|mean|max}(x, 1.0)                                             # raises
    torch.{var|std}(x, {0|(0, 1)}, {True|False})
    torch.{var|std}(x, {True|False})
    torch.{var|std}(x, unbiased=False)
    torch.{var|std}(x, 1, False, True)
    torch.{var|std}(x, 1, unbiased=False, keepdim=True)
    torch.{var|std}(x, {dim=1|dim=(0, 2)|dim=None}, correction={0|1|2|0.5})
    torch.{var|std}(x, correction={0|1|3})
    x.{var|std}({|0|(1, 2)|1, False|False})
    x.{var|std}(dim=1, correction=0, keepdim=True)
    torch.var(x, 1, unbiased=True, correction=1)                             # raises
    torch.{max|min}(x, 1).{values|indices}
    torch.{max|min}(x, 1)[{0|1}]
    torch.{max|min}(x, dim=-1, keepdim=True)
    values, indices = x.{max|min}(2); values * 2
    torch.{max|min}(x, x.detach().flip(0))
    x.{max|min}(x.detach().flip(0))
    torch.{cumsum|cumprod}(x, {0|1|-1})
    x.{cumsum|cumprod}(dim=1)
    y = x * 1; y.{cumsum|cumprod}_(1); y * x
    torch.{cumsum|cumprod}(x)                                                # raises
    torch.logsumexp(x)                                                       # raises
    torch.{sort|argsort}(x)
    torch.sort(x, {0|1|-1})
    torch.sort(x, 1, {True|False})
    torch.sort(x, dim=0, descending=True)
    torch.sort(x, descending=True, stable=True)
    x.sort({|0|1, True|dim=1|descending=True})
    x.argsort({|0|1, True|dim=1|descending=True})
    torch.argsort(x, dim=0, descending=True, stable=True)
    torch.topk(x, {0|1|2|4})
    torch.topk(x, 2, {0|1|-1})
    torch.topk(x, 2, 1, {True|False})
    torch.topk(x, k=2, dim=0, largest=False, sorted=True)
    x.topk(2, -1).{values|indices}
    torch.topk(x, {5|-1})                                                    # raises
    torch.linalg.vector_norm(x, {2|1|0|3|2.5|0.5|-1|inf|-inf})
    torch.linalg.vector_norm(x, {2|1|0|3|inf|-inf}, dim={0|(1, 2)|(0, 1, 2)|None}, keepdim=True)
    torch.linalg.vector_norm(x, dim=-1)
    torch.linalg.vector_norm(x, 2, -1, dtype=torch.float64)
    torch.linalg.norm(x)
    torch.linalg.norm(x, dim=1)
    torch.linalg.norm(x, {'fro'|1|-1|inf|-inf}, dim=(0, 1))
    torch.linalg.norm(x, {1|inf}, dim=(2, 0), keepdim=True)
    torch.trace(x)                                                           # raises
    torch.linalg.norm(x, ord=1, dim=1)
    torch.linalg.norm(x, dim=(1, 2))
    torch.linalg.norm(x, dtype=torch.float64)
    torch.linalg.norm(x, {2|'nuc'}, dim=(0, 1))
    torch.linalg.norm(x, 'fro')                                              # raises
    torch.linalg.norm(x, 2)                                                  # raises
    torch.linalg.norm(x, 3, dim=(0, 1))                                      # raises
    torch.linalg.norm(x, dim=(0, 1, 2))                                      # raises
    torch.norm(x, {'fro'|2|1|inf|-inf|0|3|None})
    torch.norm(x, {'fro'|2|1|inf}, {0|(0, 1)|-1}, True)
    torch.norm(x, dim=1)
    torch.norm(x, p=1, dim=(1, 2), keepdim=True)
    torch.norm(x, 2, 1, dtype=torch.float64)
    x.norm({|1|2, 0|p=1, dim=1, keepdim=True})
    torch.norm(x, 'nuc', (0, 1))
    torch.norm(x, 'x')                                                       # raises
x = real(3, 4)
    torch.linalg.norm(x, {'fro'|1|-1|inf|-inf})
    torch.linalg.norm(x, {1|inf}, keepdim=True)
    torch.linalg.norm(x, {2|-2|'nuc'})
    torch.trace(x)
    x.trace()
x = real(4)
    torch.linalg.norm(x, {None|2|1|inf|0|3})
    torch.linalg.norm(x, 'fro')                                              # raises
    torch.trace(x)                                                           # raises
    torch.{var|std|mean|sum|prod|norm|cumsum|logsumexp|sort|argmax|max}(x, 0)
    torch.{var|std}(x[:1])                                                   # first
    torch.{var|std}(x, correction=3)
    torch.{var|std}(x, correction=4)                                         # values: n - correction is 0
x = real()
    torch.{sum|mean|prod|amax|amin|norm|argmax|argmin|all|any|max|min|sort|argsort}(x)
    torch.{sum|mean|prod|amax|amin|logsumexp|argmax|all|max|min|cumsum|cumprod|sort|argsort}(x, {0|-1})
    torch.{var|std}(x{|, 0})                                                 # first
    torch.{sum|mean|prod|amax|logsumexp|argmax|all|max}(x, 0, keepdim=True)
    torch.topk(x, 1)
    torch.{sum|mean|prod|amax|max|cumsum|sort}(x, 1)                         # raises
    torch.topk(x, 2)                                                         # raises
    torch.linalg.vector_norm(x, {2|1|inf|0})
    torch.linalg.norm(x)
x = real(0)
    torch.{sum|mean|prod|var|std|all|any|sort|argsort}(x{|, 0})
    torch.{norm(x)|cumsum(x, 0)|cumprod(x, 0)|logsumexp(x, 0)|topk(x, 0)}
x = real(0, 3)
    torch.{sum|mean|prod|var|std|norm|all|any}(x)
    torch.{sum|mean|prod|var|std|logsumexp|all|any|cumsum|cumprod|sort|argsort}(x, {0|1})
    torch.{amax|amin|argmax|argmin|max|min}(x, 1)
    torch.{amax|amin|argmax|argmin}(x, 0)                                    # raises
    torch.{max|min}(x, 0)                                                    # raises
    torch.{amax|amin|argmax|argmin|max|min}(x)                               # raises
    torch.topk(x, 2, 1)
    torch.topk(x, 1, 0)                                                      # raises
    torch.linalg.vector_norm(x, {2|1|0})
    torch.linalg.vector_norm(x, {2|1|inf}, dim=1)
    torch.linalg.vector_norm(x, inf)                                         # raises
    torch.linalg.vector_norm(x, {2|1}, dim=0)

i = ints(2, 3, low=-3)
    torch.{sum|prod|amax|amin|argmax|argmin|all|any|max|min|sort|argsort}(i)
    torch.{sum|prod|amax|amin|argmax|argmin|all|any|max|min|cumsum|cumprod|sort|argsort}(i, {0|-1})
    torch.{sum|mean|prod|cumsum}(i, 1, dtype={torch.float32|torch.float64})
    torch.{sum|prod|cumsum}(i, 1, dtype=torch.int32)
    torch.{mean|var|std|norm|linalg.vector_norm}(i)                          # raises
    torch.mean(i, dtype=torch.int32)                                         # raises
    torch.logsumexp(i, 0)
    torch.topk(i, 2)
    torch.trace(i[:2, :2])
    i.{int|short|char|byte|bool}().{sum|prod|max|min|all|any}()
    i.{int|short|byte|bool}().{sum|prod|cumsum|cumprod|amax|argsort|sort}(0)
    i.{byte|int}().{all|any}(0)
b = bools(2, 3)
    torch.{sum|prod|all|any|amax|amin|max|min|sort}(b)
    torch.{sum|prod|all|any|amax|amin|max|min|cumsum|sort}(b, 0)
    torch.{all|any}(b, (0, 1))
    torch.{argmax|argmin}(b)                                                 # extra
    torch.mean(b)                                                            # raises
    torch.mean(b, dtype=torch.float32)
    torch.sum(b, dtype=torch.float64)

x = exact([1.0, 3.0, 3.0, 2.0, 1.0, 3.0])
    torch.{max|min|amax|amin|argmax|argmin|std|var|prod}(x)
    torch.{max|min|amax|amin|argmax|argmin|prod|cumprod|logsumexp}(x, 0)
    torch.{max|min|amax|amin|sort}(x.reshape(2, 3), 0)
    torch.{amax|amin}(x.reshape(2, 3), (0, 1))
    torch.sort(x, stable=True, descending={True|False})
    torch.topk(x, 2).values  # values: which 3.0 is not defined
    torch.linalg.vector_norm(x, {inf|-inf})
x = exact([[0.0, 2.0, 0.0], [1.0, 0.0, 3.0]])
    torch.prod(x)
    torch.{prod|cumprod}(x, {0|1})
    torch.{var|std|norm}(x)
    torch.{all|any}(x, 1)
    torch.linalg.vector_norm(x, {2|1|0|3|inf|-inf}, 1)
    torch.linalg.vector_norm(x, 1.5, 1)                                      # first: PyTorch's second is nan
x = exact([0.0, 0.0, 0.0])
    torch.{std|var|prod|sum}(x{|, 0})
    torch.{logsumexp|cumprod}(x, 0)
    torch.{norm(x)|linalg.norm(x)|linalg.vector_norm(x)}                     # first: PyTorch's second is nan
    torch.linalg.vector_norm(x, {0|1|3|inf|-inf})
x = exact([1.0, nan, 3.0, -2.0])
    torch.{sum|mean|max|min|argmax|argmin|var|std|all|any|norm|sort|argsort}(x)
    torch.{prod|amax|amin}(x)  # values: PyTorch's gradient is all nan
    torch.{max|min|argmax|cumsum|logsumexp}(x, 0)
    torch.{cumprod|amax|amin}(x, 0)                                          # values
    torch.topk(x, 2)
    torch.sort(x, descending=True)
x = exact([inf, 1.0, -inf])
    torch.{sum|mean|max|min|amax|sort|argsort}(x{|, 0})
    torch.prod(x)                                                            # values
    torch.{norm(x)|logsumexp(x, 0)}
    torch.logsumexp(x[{:2|1:|2:|:1}], 0)
x = exact([1000.0, 999.0, -1000.0])
    torch.{logsumexp|prod|var|std|cumsum}(x, 0)
"""


def test_reductions(case, compare):
    compare(case)
