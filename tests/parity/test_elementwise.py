"""Functions of each element, operators, in-place twins, kinks and extremes beside PyTorch's."""

import pytest

pytestmark = pytest.mark.parity

TABLE = """
x = real(2, 3)
    torch.{abs|absolute|neg|negative|sign|exp|expm1|square|reciprocal}(x)
    torch.{sin|cos|tan|atan|arctan|sinh|cosh|tanh}(x)
    torch.{asinh|sigmoid|erf|floor|ceil|round|relu|clone|detach}(x)
    torch.{isnan|isinf|isfinite|logical_not}(x)
    x.negative()
    x.{abs|absolute|neg|sign|exp|expm1|square|reciprocal|sin|cos|tan|atan|arctan|sinh|cosh|tanh}()
    x.{asinh|sigmoid|erf|floor|ceil|round|relu|clone|detach}()
    x.{isnan|isinf|isfinite|logical_not}()
    {-x|+x|abs(x)}
    round(x)                                                                 # extra
    torch.round(x, decimals={0|1|2|-1})
    x.round(decimals=1)
    torch.exp(input=x)
    torch.tanh(torch.exp(torch.sin(x)))
    y = x * 1.5; y.reciprocal_(); y * y
    y = x * 1.5; y.{abs|neg|sign|exp|expm1|square|sin|cos|tan|atan|sinh|cosh|tanh}_(); y * x
    y = x * 1.5; y.{sigmoid|erf|floor|ceil|round|relu}_(); y * x
    y = x.detach(); y.{abs|neg|sign|exp|square|sin|tanh|sigmoid|floor}_(); y * x
    x.{exp_()|sigmoid_()|zero_()}                                            # raises
    x.data.exp_(); x * 2
    torch.exp(x.detach(), out=x.detach().clone())
    {torch.exp(2.0)|torch.exp([1.0])|x.foo()}                                # raises
x = positive(2, 3)
    torch.{log|log2|log10|log1p|sqrt|rsqrt}(x)
    x.{log|log2|log10|log1p|sqrt|rsqrt}()
    y = x * 1; y.{log|log2|log10|log1p|sqrt|rsqrt}_(); y * x
    torch.acosh(1 + x)
x = unit(2, 3)
    torch.{asin|arcsin|acos|arccos|atanh}(x)
    x.{asin|arcsin|acos|arccos|atanh}()
    y = x * 1; y.{asin|acos}_(); y * x
x = real()
    torch.{abs|neg|exp|sin|tanh|sigmoid|erf|sign|round|relu|square}(x)
    x.{abs|neg|exp|sin|tanh|sigmoid|erf|sign|round}()
    x * 2 + 1
    x.abs().log()
x = real(0, 3)
    torch.{abs|neg|exp|sin|tanh|sigmoid|erf|sign|round|relu|log|sqrt|square}(x)
    x * x + 1

i = ints(2, 3, low=-3)
    torch.{abs|neg|sign|exp|expm1|square|reciprocal|sin|cos|tan|atan|sinh|cosh|tanh|sigmoid|erf}(i)
    torch.{floor|ceil|round|relu|clone|isnan|isinf|isfinite|logical_not|bitwise_not|asin|log|sqrt|rsqrt}(i)
    {-i|~i|abs(i)}
    i.{exp|abs|neg|floor}()
    i.{exp|sin|sqrt}_()                                                      # raises
    i.{abs|neg|sign|square}_()
    i.round(decimals=1)                                                      # extra
b = bools(2, 3)
    torch.{exp|sin|sqrt|sigmoid|reciprocal|logical_not|bitwise_not|isnan|clone|square|sign}(b)
    {torch.neg(b)|-b}                                                        # complains
    {torch.abs(b)|abs(b)|torch.floor(b)}                                     # extra
    ~b
x = real(2)
    {~x|torch.bitwise_and(x, x)}                                             # complains

x = real(2, 3); y = real(2, 3)
    torch.{add|sub|subtract|mul|multiply|maximum|minimum|atan2|arctan2|logaddexp|div|divide|true_divide}(x, y)
    torch.{eq|ne|lt|le|gt|ge|logical_and|logical_or|logical_xor}(x, y)
    x.{add|sub|subtract|mul|multiply|maximum|minimum|atan2|arctan2|logaddexp|div|divide|true_divide}(y)
    x.{eq|ne|lt|le|gt|ge|logical_and|logical_or|logical_xor}(y)
    x {+|-|*|/|==|!=|<|<=|>|>=|%} y
    torch.remainder(x, y)
    x.remainder(y)
    x.detach() // y.detach()
    torch.floor_divide(x.detach(), y.detach())
    x // y  # raises
    torch.{add|sub}(x, y, alpha={2|-0.5})
    x.{add|sub}(y, alpha={2|-0.5})
    torch.div(x, y, rounding_mode={None|'floor'|'trunc'})
    torch.div(x, y, rounding_mode='up')                                      # raises
    torch.add(input=x, other=y)
    torch.mul(x, other=y)
    z = x * 1; z.{add|sub|mul|div|remainder}_(y); z * x
    z = x * 1; z {+|-|*|/|%}= y; z * x
    z = x.detach(); z //= y.detach(); z * x
    z = x * 1; z.{add|sub}_(y, alpha=2); z * y
    z = x.detach(); z.{add|sub|mul|div}_(y.detach()); z * x
    x.add_(y)                                                                # raises
    {x.add([1.0, 2.0, 3.0])|x + 'a'|x + None|x + [1.0, 2.0, 3.0]}            # raises
    torch.{maximum|minimum|atan2|logaddexp}({x, 2.0|2.0, x})                         # raises
    torch.eq(x, {None|'a'})                                                  # raises
    x == None
    x != None
x = real(2, 3); y = real(3); z = real(2, 1); s = real()
    x {+|-|*|/} {y|z|s}
    {y|z|s} {+|-|*|/} x
    torch.{maximum|minimum|atan2|logaddexp}({y|s}, {x|z})
    w = x * 1; w.{add|sub|mul|div}_({y|z|s}); w * x
    w = y * 1; w.add_(x)                                                     # raises
    w = s * 1; w += y; w                                                     # raises
    x {<|==} {y|s}
x = real(2, 3); y = real(2)
    x {+|-|*|/|<|==} y                                                       # raises
    torch.{maximum|atan2|logaddexp|remainder|pow}(x, y)                      # raises
x = positive(2, 3); y = real(2, 3); s = real()
    x ** y
    torch.pow(x, y)
    x.pow(y)
    x ** {s|y[0]}
    s.exp() ** y
    x ** {2|3|-1|0|1|0.5|-0.5|2.5|True}
    1 ** y
    {2|2.5|0.5} ** y
    0 ** y                                                                   # first: PyTorch's second is nan
    torch.pow({2|2.5}, y)
    torch.pow(x, exponent=2)
    z = x * 1; z.pow_(y); z * x
    z = x * 1; z.pow_(2); z * x
    z = x * 1; z **= 2; z * x
x = real(2, 3)
    x ** {2|3|-1|-2|0|1|4}
    x ** {0.5|2.5}
    (x ** 2).sum() ** 0.5
x = real(2, 3)
    x {+|-|*|/|%|<|<=|==|!=|>|>=} {2|-1.5|np.float64(2.5)|np.float32(2.5)|np.int64(3)}
    x {+|*|/|%|<|<=|==|!=|>|>=} True
    {2|-1.5} {+|-|*|/|<|<=|==|!=|>|>=} x
    True {+|*|/|<|<=|==|!=|>|>=} x
    x.detach() // {2|-1.5|True|np.float64(2.5)|np.float32(2.5)|np.int64(3)}
    {2|-1.5|True} {//|%} x.detach()
    {2 // x|x // 2}   # raises
    2 % x                                                                  # extra
    {x - True|True - x}                                                      # raises
    {np.float64(2.5)|np.float32(2.5)|np.int64(3)} {*|/|-|<} x.detach()
    x.detach() {+|*|/|-|==} np.ones({3|(2, 1)})
    np.ones(3) {+|*|-|<} x.detach()                                          # extra
    x {+|*|-|<} np.arange(3.0)                                               # extra
    torch.{add|sub|mul|div|remainder|eq|lt}(x, {2|-1.5})
    x.{add|sub|mul|div|remainder|eq|lt}({2|-1.5})
    torch.{maximum|minimum}(x, torch.tensor(0.5))
    y = x * 1; y.{add|sub|mul|div}_(2.5); y * x
    y = x * 1; y {+|-|*|/}= 2; y * x
    x.{add|sub}(2, alpha=3)
i = ints(2, 3, low=-3); j = ints(3, low=1)
    i {+|-|*|/|%|//|**|<|==|&|^} j
    i | j
    torch.{add|sub|mul|div|remainder|floor_divide|pow|maximum|minimum|atan2}(i, j)
    torch.logaddexp(i, j)                                                    # extra
    torch.{bitwise_and|bitwise_or|bitwise_xor|logical_and|logical_or|logical_xor}(i, j)
    i {+|-|*|/|//|%|<} {2|-3|2.5}
    i {+|*|/|//|%|<} True
    {2|7.5} {+|-|*|/|//|%|<} j
    True {+|*|/|//|%|<} j
    {i - True|True - j}                                                      # raises
    i {//|%} {0|(j - j)|False}                                               # raises
    1 {//|%} (i - i)                                                         # raises
    i {//|%|/} 0.0
    i / 0
    torch.div(i, j, rounding_mode={'floor'|'trunc'})
    i ** {2|2.0|0|0.5}
    i ** -1                                                                  # raises
    torch.add(i, j, alpha=2)
    torch.add(i, j, alpha=0.5)                                               # raises
    i.{add|sub|mul|remainder|floor_divide}_(j)
    {i.div_(j)|i.add_(0.5)}                                                  # raises
    i {+|-|*}= 2; i
    {i|j} & 1
    1 | i
b = bools(2, 3); c = bools(3); i = ints(3)
    b {+|*|&|^|==|<|/} c
    b | c
    b - c                                                                    # complains
    torch.{logical_and|logical_or|bitwise_xor|maximum|add|mul|div}(b, c)
    b + {1|True|2.5}
    b * {2|i}
    b & {True|1}
    b | {True|1}
    b.{add|mul}_(c)
    b += 1; b                                                                # raises
    {b - 1|1 - b|b - b|-b|1.5 - b|b - i}                                     # raises
    b.logical_xor(c)
"""

KINKS = """
x = exact([0.0, -0.0, 1.0, -1.0, inf, -inf, nan])
    torch.{abs|sign|exp|expm1|log|log1p|sqrt|rsqrt|square}(x)
    torch.{reciprocal|sin|cos|atan|sinh|cosh|tanh|sigmoid|erf}(x)
    torch.{relu|floor|ceil|round|isnan|isinf|isfinite|log2|log10|asin|acos}(x)
    x * {0.0|inf}
    x / {0.0|inf}
    {1.0|0.0} / x
    x ** {0|1|2|3|-1|2.5}
    x[2:3] ** 0.5
    1.0 ** x
    2.0 ** x
    0.0 ** x                                                                 # first: PyTorch's second is nan
    torch.{maximum|minimum}(x, torch.zeros_like(x))
    torch.clamp(x, -1, 1)
    torch.clamp(x, {min|max}=0.0)
    x {<|==|>=} x
    torch.where(x > 0, x.log(), 0.0)
    torch.where(x > 0, x, torch.sqrt(x))
    torch.isclose(x, x, equal_nan={True|False})
x = exact([1000.0, -1000.0, 1e-30, -1e-30, 88.0, -88.0, 50.0])
    torch.{exp|expm1|log|log1p|sqrt|sigmoid|tanh|erf|reciprocal|square|sinh|cosh|rsqrt|atan}(x)
    torch.logaddexp(x, {-x|x})                                               # first: PyTorch's second is nan
x = exact([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 3.49999])
    torch.{round|floor|ceil}(x)
    x.detach() // {1.0|-1.0|0.5}
    x % {1.0|-1.0|0.5}
    torch.round(x, decimals=1)
x = exact([1.0, 2.0, 2.0]); y = exact([1.0, 1.0, 3.0])
    torch.{maximum|minimum}(x, y)
    torch.clamp(x, min=y)
    torch.clamp(x, {max=y|min=2.0, max=2.0|3.0, 1.0|1.0, 2.0})
    torch.clamp(x, y, {x|y})
    torch.{logaddexp|atan2|pow}(x, y)
x = exact([0.0, 0.0, 0.0, 1.0, -1.0]); y = exact([0.0, 1.0, 2.0, 0.0, 2.0])
    x ** y                                                                   # first: PyTorch's second is nan
    torch.logaddexp({x, y|y, x})
    torch.atan2({x, y|y, x})                                                 # first: PyTorch's second is nan
    torch.xlogy({x, y|y, x})                                                 # first
    {x / y|y ** 0|x.detach() // y.detach()|x % y}
x = exact([inf, inf, -inf, -inf, nan, 1.0]); y = exact([inf, -inf, inf, -inf, 1.0, nan])
    torch.{maximum|minimum|atan2}(x, y)
    torch.logaddexp(x, y)                                                    # first
    x {+|-|*|/|%} y
    x.detach() // y.detach()
    torch.isclose(x, y)
    torch.lerp(x, y, 0.5)
x = exact([-7.0, 7.0, -7.5, 7.5, 0.0]); y = exact([2.0, -2.0, 2.0, -2.0, 3.0])
    x.detach() // {y.detach()|3|-3|inf|0.1}
    x % {y|3|-3|inf|0.1}
    torch.div(x, y, rounding_mode={'floor'|'trunc'})
"""

MIXED = """
x = real(2, 3); y = real(2, 3); z = positive(2, 3); s = real()
    torch.{addcmul|addcdiv}(x, y, z)
    torch.{addcmul|addcdiv}(x, y, z, value={2|-0.5})
    x.{addcmul|addcdiv}(y, z, value=2.5)
    w = x * 1; w.{addcmul|addcdiv}_(y, z, value=2); w * x
    torch.lerp(x, y, {0.3|0.7|1|z|s})
    x.lerp(y, 0.25)
    w = x * 1; w.lerp_(y, 0.25); w * x
    torch.{addcmul|addcdiv}(x, y[0], z[:, :1])
    torch.lerp(x, y[0], 0.3)
    torch.clamp(x, {-0.5, 0.5|min=-0.5|max=0.5|y|y, z|min=y|max=z|-0.5, None|None, y})
    torch.clip(x, -0.5, 0.5)
    x.{clamp|clip}(-0.5, max=0.5)
    x.clamp(min=y)
    w = x * 1; w.clamp_(-0.5, 0.5); w * x
    w = x * 1; w.clamp_(min=0); w * x
    torch.clamp(x{|, None, None})                                            # raises
    torch.clamp(x, y, 1.0)                                                   # extra
    torch.clamp(x, min=s, max=s)
    torch.where(x > 0, x, y)
    torch.where(x > 0, {x, 0.0|0, y|1.0, 2.0|1, 2|True, y|s, y|x, y[0]})
    x.where(x > 0, {y|0.0|s})
    torch.where(x > 0)
    torch.where(x[0] > 0, x, z)
    torch.where({x, x, y|x > 0, x})                                          # raises
    torch.masked_fill(x, x > 0, {1.5|s|2|True})
    x.masked_fill(x[0] > 0, -1)
    x.masked_fill({x, 1.0|x > 0, y})                                         # raises
    w = x * 1; w.masked_fill_(x > 0, 0.5); w * x
    w = x * 1; w.masked_fill_(x > 0, s); w * x
    torch.isclose(x, {x|y|x + 1e-9|x + 1e-3})
    torch.isclose(x, x + 1e-3, rtol=0.1, atol=0.01)
    torch.isclose(x, x, {rtol=-1.0|atol=-1.0})                               # raises
    x.masked_fill(x > 0, 1j)                                                 # raises
    torch.allclose(x, {x|y|x + 1e-9|x + 1e-3})
    x.allclose(y, atol=10.0)
    torch.equal(x, {x|y|x[0]})
    torch.xlogy(x, z)
    torch.xlogy({2.0|0}, z)
    torch.xlogy(x, 2.0)
i = ints(2, 3); j = ints(2, 3, low=1); b = bools(2, 3)
    torch.addcmul(i, i, j, value={1|2})
    torch.addcmul(i, i, j, value=0.5)                                        # refused: PyTorch takes 0 for it
    {torch.addcdiv(i, i, j)|torch.lerp(i, j, 0.5)}                           # raises
    torch.clamp(i, {1, 3|min=2|max=j|1.5, 2.5})
    torch.where(b, i, {j|0|0.5|True})
    torch.where(b, b, {b|~b|1})
    torch.masked_fill(i, b, {7|True})
    torch.masked_fill(i, b, 7.5)
    torch.masked_fill(b, b, {True|False|1})
    torch.isclose(i, {i|j})
    torch.isclose(b, b)
    torch.allclose(i, j)
    torch.isclose(i, i.double())                                             # raises
"""

TABLE += KINKS + MIXED


def test_elementwise(case, compare):
    compare(case)
