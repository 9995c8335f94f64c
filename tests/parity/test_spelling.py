"""The ways in which a call may be written, and the arguments that are refused, beside PyTorch's."""

import pytest

pytestmark = pytest.mark.parity

TABLE = """
x = real(2, 3); y = real(2, 3); i = ints(2, 3, low=-2, below=3); k = ints(2, 3, below=2); b = bools(2, 3)
    x.{sum|mean|prod|cumsum|cumprod|amax|amin|argmax|argmin|all|any|logsumexp|max|min|var|std}(axis=1)
    x.{sort|argsort|softmax|log_softmax|unbind|unsqueeze|squeeze}(axis=0)
    torch.{sum|mean|amax|argmax|all|logsumexp|max|var|std}(x, axis=1, keepdims=True)
    torch.{sum|mean|amax|argmax|all|logsumexp|max|var|std|sort|unbind|softmax}(input=x, dim=1)
    torch.{squeeze|unsqueeze|unbind}(input=x, dim=0), torch.transpose(input=x, dim0=0, dim1=1)
    torch.{clamp|clip}(input=x, min=0), torch.{round|numel|detach|clone}(input=x)
    torch.{cat|stack|concat}([x, y], axis=1)
    torch.topk(x, 1, axis=0), torch.chunk(x, 1, axis=0), torch.narrow(x, axis=0, start=0, length=1)
    torch.gather(x, axis=0, index=k), torch.take_along_dim(x, k, axis=0)
    torch.index_select(x, axis=0, index=torch.tensor([1])), torch.scatter(x, axis=0, index=k[:1], src=y[:1])
    x.sum(dim=0, axis=1)                                                     # raises
    torch.{maximum|minimum|atan2|logaddexp|logical_and|logical_xor}({x, 2|2, x})  # raises
    torch.{eq|ne|lt|le|gt|ge}(2, x)                                          # raises
    torch.{eq|ne|lt|le|gt|ge}(x, 0.5)
    torch.div(2, x, rounding_mode={'floor'|'trunc'|None}) * 1
    torch.add(2, x, alpha=2), torch.sub(2, x, alpha=3)
    {1 - b|b - b|b - x|-b|True - i}                                          # raises
    x.where({y|i}, y)                                                        # raises
    torch.where({True|[True]}, x, y)                                         # raises
    x.masked_fill({[True], 1|b, None|i, 2})                                  # complains
    torch.where(i), torch.where(x)
    i ** {torch.tensor(-1)|torch.tensor([-1, 0, 2])|-k}
    torch.pow({2, -k|-1, -k|1, -k|i, -k})
    i ** -1                                                                  # raises
    {torch.trace(i[:, :2].to(torch.uint8))|torch.trace(i[:, :2].to(torch.int8))}
    x.{to|contiguous|clone|float}(memory_format=torch.contiguous_format)
    x.{to|clone|double}(memory_format=torch.preserve_format)
    x.is_contiguous(memory_format=torch.contiguous_format)
    torch.{zeros_like|ones_like}(x, memory_format=torch.preserve_format, layout=torch.strided)
    x.{to|contiguous|clone}(memory_format=3)                                 # raises
"""


def test_spelling(case, compare):
    compare(case)
