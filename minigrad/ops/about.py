"""The words about each op that its record cannot say: a summary, and an example with its result.

The docstring of an op's function is made of these and of the record (see `_tensor/documentation.py`).
"""

from __future__ import annotations

# The name of an op: a summary, an example (in which `torch` is this package), and its result.
ABOUT = {
    # --- elementwise: arithmetic
    "add": ("input + other.", "torch.add(torch.tensor([1.0, 2.0]), 10)", "tensor([11., 12.])"),
    "sub": ("input - other.", "torch.sub(torch.tensor([1.0, 2.0]), 1)", "tensor([0., 1.])"),
    "mul": ("input * other.", "torch.mul(torch.tensor([1.0, 2.0]), 10)", "tensor([10., 20.])"),
    "div": ("input / other.", "torch.true_divide(torch.tensor([1, 2]), 2)", "tensor([0.5000, 1.0000])"),
    "neg": ("-input.", "torch.neg(torch.tensor([1.0, -2.0]))", "tensor([-1.,  2.])"),
    "pow": ("input to the power of other.", "torch.arange(4).pow(2)", "tensor([0, 1, 4, 9])"),
    "square": ("The square of each element.", "torch.square(torch.arange(3))", "tensor([0, 1, 4])"),
    "reciprocal": ("1 / input.", "torch.reciprocal(torch.tensor([2.0, -4.0]))", "tensor([ 0.5000, -0.2500])"),
    "abs": ("The absolute value.", "torch.abs(torch.tensor([1.5, -2.0]))", "tensor([1.5000, 2.0000])"),
    "remainder": (
        "The remainder of input / other, with the sign of `other`.",
        "torch.remainder(torch.tensor([-3, 5]), 4)",
        "tensor([1, 1])",
    ),
    "floor_divide": (
        "input / other, rounded down to a whole number. A backward through it raises; "
        "`div(input, other, rounding_mode=\"floor\")` has the derivative 0.",
        "torch.floor_divide(torch.tensor([-3, 5]), 4)",
        "tensor([-1,  1])",
    ),
    "sign": (
        "-1, 0 or 1: the sign of each element.",
        "torch.sign(torch.tensor([-3.0, 0.0, 2.0]))",
        "tensor([-1.,  0.,  1.])",
    ),
    "floor": (
        "The largest whole number that is not above.",
        "torch.floor(torch.tensor([1.5, -1.5]))",
        "tensor([ 1., -2.])",
    ),
    "ceil": (
        "The smallest whole number that is not below.",
        "torch.ceil(torch.tensor([1.5, -1.5]))",
        "tensor([ 2., -1.])",
    ),
    # --- asked for less often
    "exp2": ("2 to the power of input.", "torch.exp2(torch.tensor([0.0, 3.0]))", "tensor([1., 8.])"),
    "erfc": ("1 - erf(input), exact where that is small.", "torch.erfc(torch.tensor([0.0]))", "tensor([1.])"),
    "erfinv": (
        "The inverse of erf; nan outside [-1, 1].",
        "torch.erfinv(torch.tensor([0.0, 1.0]))",
        "tensor([0., inf])",
    ),
    "erfcx": (
        "exp(input^2) erfc(input), which stays finite far out.",
        "torch.special.erfcx(torch.tensor([0.0, 1000.0]))",
        "tensor([1.0000e+00, 5.6419e-04])",
    ),
    "ndtri": (
        "The inverse of `ndtr`: where the area under the standard normal density is `input`.",
        "torch.special.ndtri(torch.tensor([0.5, 0.8413447]))",
        "tensor([0.0000, 1.0000])",
    ),
    "lgamma": (
        "The logarithm of the gamma function's absolute value.",
        "torch.lgamma(torch.tensor([1.0, 5.0]))",
        "tensor([0.0000, 3.1781])",
    ),
    "digamma": (
        "The derivative of lgamma.",
        "torch.digamma(torch.tensor([1.0]))",
        "tensor([-0.5772])",
    ),
    "sinc": (
        "sin(pi input) / (pi input), 1 at 0.",
        "torch.sinc(torch.tensor([0.0, 0.5]))",
        "tensor([1.0000, 0.6366])",
    ),
    "i0": (
        "The modified Bessel function of the first kind, of order 0.",
        "torch.i0(torch.tensor([0.0, 1.0]))",
        "tensor([1.0000, 1.2661])",
    ),
    "i1": (
        "The modified Bessel function of the first kind, of order 1.",
        "torch.special.i1(torch.tensor([0.0, 1.0]))",
        "tensor([0.0000, 0.5652])",
    ),
    "i0e": (
        "exp(-|input|) times `i0` of it, which stays finite.",
        "torch.special.i0e(torch.tensor([0.0, 1000.0]))",
        "tensor([1.0000, 0.0126])",
    ),
    "i1e": (
        "exp(-|input|) times `i1` of it, which stays finite.",
        "torch.special.i1e(torch.tensor([0.0, 1000.0]))",
        "tensor([0.0000, 0.0126])",
    ),
    # --- elementwise: exponentials and logarithms
    "exp": ("e to the power of input.", "torch.exp(torch.tensor([0.0, 1.0]))", "tensor([1.0000, 2.7183])"),
    "expm1": (
        "exp(input) - 1, exact near 0.",
        "torch.expm1(torch.tensor([0.0, 1e-8]))",
        "tensor([0.0000e+00, 1.0000e-08])",
    ),
    "log": ("The natural logarithm.", "torch.log(torch.tensor([1.0, 10.0]))", "tensor([0.0000, 2.3026])"),
    "log2": ("The logarithm to base 2.", "torch.log2(torch.tensor([1.0, 8.0]))", "tensor([0., 3.])"),
    "log10": ("The logarithm to base 10.", "torch.log10(torch.tensor([1, 50]))", "tensor([0.0000, 1.6990])"),
    "log1p": (
        "log(1 + input), exact near 0.",
        "torch.log1p(torch.tensor([0.0, 1e-8]))",
        "tensor([0.0000e+00, 1.0000e-08])",
    ),
    "sqrt": ("The square root.", "torch.sqrt(torch.tensor([4.0, 9.0]))", "tensor([2., 3.])"),
    "rsqrt": ("1 / sqrt(input).", "torch.rsqrt(torch.tensor([4.0, 16.0]))", "tensor([0.5000, 0.2500])"),
    "logaddexp": (
        "log(exp(input) + exp(other)), without overflow.",
        "torch.logaddexp(torch.tensor([0.0, 1000.0]), torch.zeros(2))",
        "tensor([6.9315e-01, 1.0000e+03])",
    ),
    "xlogy": (
        "input * log(other), and 0 where input is 0.",
        "torch.xlogy(torch.tensor([0.0, 2.0]), torch.tensor([0.0, 1.0]))",
        "tensor([0., 0.])",
    ),
    # --- elementwise: trigonometric and hyperbolic
    "sin": ("The sine.", "torch.sin(torch.tensor([0.0, 1.0]))", "tensor([0.0000, 0.8415])"),
    "cos": ("The cosine.", "torch.cos(torch.tensor([0.0, 1.0]))", "tensor([1.0000, 0.5403])"),
    "tan": ("The tangent.", "torch.tan(torch.tensor([0.0, 1.0]))", "tensor([0.0000, 1.5574])"),
    "asin": ("The inverse of the sine.", "torch.asin(torch.tensor([0.0, 1.0]))", "tensor([0.0000, 1.5708])"),
    "acos": (
        "The inverse of the cosine.",
        "torch.acos(torch.tensor([0.0, 1.0]))",
        "tensor([1.5708, 0.0000])",
    ),
    "atan": (
        "The inverse of the tangent.",
        "torch.atan(torch.tensor([0.0, 1.0]))",
        "tensor([0.0000, 0.7854])",
    ),
    "atan2": (
        "The angle of the point (other, input), between -pi and pi.",
        "torch.atan2(torch.tensor([1.0, 0.0]), torch.tensor([1.0, -1.0]))",
        "tensor([0.7854, 3.1416])",
    ),
    "sinh": ("The hyperbolic sine.", "torch.sinh(torch.tensor([0.0, 1.0]))", "tensor([0.0000, 1.1752])"),
    "cosh": ("The hyperbolic cosine.", "torch.cosh(torch.tensor([0.0, 1.0]))", "tensor([1.0000, 1.5431])"),
    "tanh": ("The hyperbolic tangent.", "torch.tanh(torch.tensor([0.0, 1.0]))", "tensor([0.0000, 0.7616])"),
    "asinh": (
        "The inverse of the hyperbolic sine.",
        "torch.asinh(torch.tensor([0.0, 1.0]))",
        "tensor([0.0000, 0.8814])",
    ),
    "acosh": (
        "The inverse of the hyperbolic cosine.",
        "torch.acosh(torch.tensor([1.0, 2.0]))",
        "tensor([0.0000, 1.3170])",
    ),
    "atanh": (
        "The inverse of the hyperbolic tangent.",
        "torch.atanh(torch.tensor([0.0, 0.5]))",
        "tensor([0.0000, 0.5493])",
    ),
    "sigmoid": (
        "1 / (1 + exp(-input)), without overflow.",
        "torch.sigmoid(torch.tensor([0.0, 1.0]))",
        "tensor([0.5000, 0.7311])",
    ),
    "erf": (
        "The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0.",
        "torch.erf(torch.tensor([0.0, 1.0]))",
        "tensor([0.0000, 0.8427])",
    ),
    "relu": (
        "The larger of input and 0; the derivative at 0 is 0.",
        "torch.relu(torch.tensor([-1.0, 2.0]))",
        "tensor([0., 2.])",
    ),
    # --- elementwise: choosing, comparing, testing
    "maximum": (
        "The larger of two elements; nan where one is nan.",
        "torch.maximum(torch.tensor([1, 5]), torch.tensor([3, 4]))",
        "tensor([3, 5])",
    ),
    "minimum": (
        "The smaller of two elements; nan where one is nan.",
        "torch.minimum(torch.tensor([1, 5]), torch.tensor([3, 4]))",
        "tensor([1, 4])",
    ),
    "clamp": (
        "The elements kept within [min, max]; `max` where min > max.",
        "torch.clamp(torch.tensor([-2.0, 0.5, 2.0]), 0.0, 1.0)",
        "tensor([0.0000, 0.5000, 1.0000])",
    ),
    "eq": ("Whether input == other.", "torch.eq(torch.tensor([1, 2]), 1)", "tensor([ True, False])"),
    "ne": ("Whether input != other.", "torch.ne(torch.tensor([1, 2]), 1)", "tensor([False,  True])"),
    "lt": ("Whether input < other.", "torch.lt(torch.tensor([1, 2]), 2)", "tensor([ True, False])"),
    "le": ("Whether input <= other.", "torch.le(torch.tensor([1, 2]), 1)", "tensor([ True, False])"),
    "gt": ("Whether input > other.", "torch.gt(torch.tensor([1, 2]), 1)", "tensor([False,  True])"),
    "ge": ("Whether input >= other.", "torch.ge(torch.tensor([1, 2]), 2)", "tensor([False,  True])"),
    "logical_and": (
        "Whether both elements are true, that is not 0.",
        "torch.logical_and(torch.tensor([2, 0]), torch.tensor([1, 1]))",
        "tensor([ True, False])",
    ),
    "logical_or": (
        "Whether one element or both are true, that is not 0.",
        "torch.logical_or(torch.tensor([2, 0]), torch.tensor([0, 0]))",
        "tensor([ True, False])",
    ),
    "logical_xor": (
        "Whether just one element is true, that is not 0.",
        "torch.logical_xor(torch.tensor([2, 0]), torch.tensor([1, 1]))",
        "tensor([False,  True])",
    ),
    "logical_not": (
        "Whether an element is 0.",
        "torch.logical_not(torch.tensor([2, 0]))",
        "tensor([False,  True])",
    ),
    "isnan": (
        "Whether an element is nan.",
        "torch.isnan(torch.tensor([1.0, torch.nan]))",
        "tensor([False,  True])",
    ),
    "isinf": (
        "Whether an element is infinite.",
        "torch.isinf(torch.tensor([1.0, -torch.inf]))",
        "tensor([False,  True])",
    ),
    "isfinite": (
        "Whether an element is neither infinite nor nan.",
        "torch.isfinite(torch.tensor([1.0, torch.nan]))",
        "tensor([ True, False])",
    ),
    "bitwise_and": (
        "The bits set in both integers or booleans.",
        "torch.bitwise_and(torch.tensor([6]), torch.tensor([3]))",
        "tensor([2])",
    ),
    "bitwise_or": (
        "The bits set in one of two integers or booleans, or in both.",
        "torch.bitwise_or(torch.tensor([6]), torch.tensor([3]))",
        "tensor([7])",
    ),
    "bitwise_xor": (
        "The bits set in just one of two integers or booleans.",
        "torch.bitwise_xor(torch.tensor([6]), torch.tensor([3]))",
        "tensor([5])",
    ),
    "bitwise_not": (
        "The other bits; of booleans the opposite.",
        "torch.bitwise_not(torch.tensor([True, False]))",
        "tensor([False,  True])",
    ),
    # --- reductions
    "amax": (
        "The largest elements over `dim`.",
        "torch.amax(torch.tensor([[1, 5], [3, 2]]), dim=1)",
        "tensor([5, 3])",
    ),
    "amin": (
        "The smallest elements over `dim`.",
        "torch.amin(torch.tensor([[1, 5], [3, 2]]), dim=1)",
        "tensor([1, 2])",
    ),
    "argmax": (
        "Where the largest elements along `dim` are; the first of equal ones.",
        "torch.argmax(torch.tensor([[1, 5], [3, 2]]), dim=1)",
        "tensor([1, 0])",
    ),
    "argmin": (
        "Where the smallest elements along `dim` are; the first of equal ones.",
        "torch.argmin(torch.tensor([[1, 5], [3, 2]]), dim=1)",
        "tensor([0, 1])",
    ),
    "all": (
        "Whether all elements over `dim` are true, that is not 0.",
        "torch.all(torch.tensor([[True, False], [True, True]]), dim=1)",
        "tensor([False,  True])",
    ),
    "any": (
        "Whether an element over `dim` is true, that is not 0.",
        "torch.any(torch.tensor([[True, False], [False, False]]), dim=1)",
        "tensor([ True, False])",
    ),
    "logsumexp": (
        "log(sum(exp(input))) over `dim`, without overflow.",
        "torch.logsumexp(torch.tensor([0.0, 0.0]), dim=0)",
        "tensor(0.6931)",
    ),
    "trace": (
        "The sum of a matrix's diagonal.",
        "torch.trace(torch.tensor([[1, 2], [3, 4]]))",
        "tensor(5)",
    ),
    # --- shapes and products
    "transpose": (
        "Two axes swapped: a view.",
        "torch.transpose(torch.zeros(2, 3, 4), 0, 2).shape",
        "torch.Size([4, 3, 2])",
    ),
    "squeeze": (
        "Without the axes of size 1: a view.",
        "torch.squeeze(torch.zeros(1, 2, 1)).shape",
        "torch.Size([2])",
    ),
    "unsqueeze": (
        "With a new axis of size 1 at `dim`: a view.",
        "torch.unsqueeze(torch.zeros(2), 0).shape",
        "torch.Size([1, 2])",
    ),
    "tril": (
        "The lower triangles of the last two axes, and 0 above.",
        "torch.tril(torch.ones(2, 2))",
        "tensor([[1., 0.],\n        [1., 1.]])",
    ),
    "triu": (
        "The upper triangles of the last two axes, and 0 below.",
        "torch.triu(torch.ones(2, 2))",
        "tensor([[1., 1.],\n        [0., 1.]])",
    ),
    "matmul": (
        "The matrix product: (..., n, m) and (..., m, p) give (..., n, p); the leading axes broadcast.",
        "torch.matmul(torch.ones(5, 2, 3), torch.ones(3)).shape",
        "torch.Size([5, 2])",
    ),
    "linear": (
        "input @ weight^T + bias: (..., in) to (..., out).",
        "torch.nn.functional.linear(torch.ones(1, 2), torch.tensor([[1.0, 2.0]]), torch.ones(1))",
        "tensor([[4.]])",
    ),
}  # fmt: skip
# The name of an argument, or of an op and its argument: its meaning.
ARGUMENTS = {
    "dim": "an axis, a tuple of axes, or None for all.",
    "keepdim": "whether these axes stay, with size 1.",
    "argmax.dim": "an axis, or None for the place in the flattened tensor.",
    "argmin.dim": "an axis, or None for the place in the flattened tensor.",
    "argmax.keepdim": "whether the axis stays, with size 1.",
    "argmin.keepdim": "whether the axis stays, with size 1.",
    "logsumexp.dim": "an axis, or a tuple of axes.",
    "unsqueeze.dim": "the place of the new axis, from -ndim - 1 to ndim.",
    "squeeze.dim": "an axis or a tuple of axes, of which those of size 1 go; None for all.",
    "dim0": "an axis.",
    "dim1": "another one.",
    "diagonal": "which diagonal is the border: 0 the main one, positive above it, negative below.",
    "clamp.input": "a tensor of any shape.",
    "min": "the lower bound: a number, a tensor that broadcasts, or None.",
    "max": "the upper bound, likewise; one of the two is needed.",
    "tril.input": "a tensor of shape (..., n, m).",
    "triu.input": "a tensor of shape (..., n, m).",
    "trace.input": "a matrix.",
    "matmul.input": "a tensor of shape (..., n, m); of one axis, (m), it counts as a row.",
    "matmul.other": "a tensor of shape (..., m, p); of one axis, (m), it counts as a column.",
    "linear.input": "a tensor of shape (..., in).",
    "linear.weight": "a tensor of shape (out, in).",
    "linear.bias": "a tensor of shape (out), or None.",
}
