"""check_grads accepts what is right, at kinks and bad scales too, and names what is wrong."""

import numpy as np
import pytest

import minigrad as torch
from minigrad.testing import GradientError, check_grads


def f64(*values):
    return torch.tensor(list(values), dtype=torch.float64)


def op_of(forward, backward):
    """A user's own op: forward in tensors, backward(g, x) -> gradient."""

    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *xs):
            ctx.save_for_backward(*xs)
            return forward(*xs)

        @staticmethod
        def backward(ctx, *g):
            return backward(*g, *ctx.saved_tensors)

    return Own.apply


# --- what is right passes ------------------------------------------------------------------------------

SMOOTH = {
    "sin": torch.sin,
    "softmax": lambda x: torch.softmax(x, -1),
    "logsumexp": lambda x: torch.logsumexp(x * x, -1),
    "tiny gradients": lambda x: torch.sin(x) * 1e-9,
    "huge gradients": lambda x: torch.sin(x) * 1e9,
    "a large constant beside": lambda x: torch.sin(x) + 1e4,
    "steep": lambda x: torch.sin(x * 300),
    "two outputs": lambda x: (torch.sin(x), x.sum()),
    "one of two recorded": lambda x: (torch.sin(x), torch.ones(2, dtype=torch.float64)),
    "an integer output": lambda x: torch.max(x, dim=-1),
    "no dependence": lambda x: x.detach() * 0 + 1.0,
}


@pytest.mark.parametrize("fn", SMOOTH.values(), ids=SMOOTH)
@pytest.mark.parametrize("scale", [1.0, 1e-3, 20.0])
def test_accepts_right_gradients(fn, scale):
    x = np.random.default_rng(0).normal(size=(2, 3)) * scale
    check_grads(fn, x, order=2)


@pytest.mark.parametrize("seed", range(30))
def test_raises_no_false_alarm_whatever_the_seed(seed):
    random = np.random.default_rng(seed)
    x, w = random.normal(size=(3, 2)), random.normal(size=(2, 2))
    check_grads(lambda x, w: torch.softmax(torch.relu(x @ w).cumsum(0), 1).log(), x, w, order=2, seed=seed)


@pytest.mark.parametrize("distance", [0.0, 1e-14, 1e-11, 1e-8, 1e-5, 1e-3, 0.01, 0.03])
@pytest.mark.parametrize(
    "fn", [torch.relu, torch.abs, lambda x: torch.clamp(x, 0.0, 1.0), lambda x: x.sort()[0]]
)
def test_accepts_any_value_between_the_slopes_at_a_kink(fn, distance):
    check_grads(fn, f64(distance, 0.0, -distance, 0.7))


def test_accepts_shared_and_chosen_ties():
    tied = f64(1.0, 3.0, 3.0)
    check_grads(torch.amax, tied)
    check_grads(lambda x: torch.max(x, 0)[0], tied)


def test_accepts_the_slope_of_the_side_that_has_one():
    check_grads(torch.floor, f64(1.0, 2.0))
    check_grads(torch.acos, f64(0.5))
    check_grads(lambda x: x.sqrt() ** 3, f64(1e-14))


def test_accepts_an_infinite_gradient_where_the_slope_is_infinite():
    check_grads(torch.sqrt, f64(0.0, 1.0, 0.0))
    with pytest.raises(GradientError):
        check_grads(op_of(torch.sqrt, lambda g, x: -g / (2 * x.sqrt())), f64(0.0))


def test_accepts_large_inputs_along_projections():
    x = np.random.default_rng(1).normal(size=(40, 30))
    check_grads(lambda x: torch.logsumexp(x, 1), x, order=2)


def test_accepts_saturated_functions_that_are_rounded_in_wide_stairs():
    # 1 - p has few digits where p is near 1, and the same ones at a thousand fine steps.
    random = np.random.default_rng(55)
    q, k = random.normal(size=(2, 3, 3)) * 30
    for seed in range(3):
        check_grads(lambda q, k: torch.softmax(q @ k.mT / 2, -1) @ k, q, k, order=2, seed=seed)
    x = f64(0.534, -0.286)
    check_grads(lambda x: torch.nn.functional.layer_norm(x, (2,)), x, order=2, seed=94)


def test_accepts_gradients_below_the_rounding_of_a_rounding():
    logits = f64(320.0, 0.0, -100.0).reshape(1, 3)  # the loss is 0 and stays 0; its gradient is 1e-139
    check_grads(lambda x: torch.nn.functional.cross_entropy(x, torch.tensor([0])), logits, order=2)


def test_accepts_empty_inputs_and_outputs():
    check_grads(lambda x: x * 2, np.zeros((0, 3)), order=2)
    check_grads(lambda x: x[:0], np.ones(3), order=2)


def test_takes_only_what_requires_grad_where_anything_does():
    x = f64(1.0, 2.0).requires_grad_()
    cut = torch.tensor([3.0, 4.0], dtype=torch.float64)
    check_grads(lambda x, y: x * y.detach(), x, cut)
    with pytest.raises(GradientError, match="input 1"):
        check_grads(lambda x, y: x * y.detach(), x.detach(), cut)


def test_complex_step_oracle():
    x = np.linspace(-2, 2, 5)
    check_grads(torch.tanh, x, oracle=np.tanh)
    wrong = op_of(torch.tanh, lambda g, x: g * (1 - torch.tanh(x) ** 2) * (1 + 1e-11))
    check_grads(wrong, x)  # a mistake below what differences can see
    with pytest.raises(GradientError):
        check_grads(wrong, x, oracle=np.tanh, rtol=1e-13)


# --- what is wrong is found, and named -------------------------------------------------------------------

MATRIX = np.array([[0.3, -1.2, 0.8], [1.1, 0.4, -0.6], [0.9, 0.2, 1.4]])
WRONG = {
    "a sign": (op_of(torch.sin, lambda g, x: -g * torch.cos(x)), "a sign"),
    "a factor": (op_of(lambda x: x**2, lambda g, x: g * x), "0.5 times"),
    "mean for sum": (op_of(torch.sum, lambda g, x: g * torch.ones_like(x) / 9), "1/9"),
    "one part in 10000": (op_of(torch.exp, lambda g, x: g * torch.exp(x) * (1 + 1e-4)), "1.0001 times"),
    "transposed": (op_of(lambda x: (x * x).T, lambda g, x: 2 * (g * x.T)), "transposed"),
    "nothing": (lambda x: x.detach().clone() * 2 + x * 0, r"0 everywhere.*cut by detach\(\)"),
    "three parts in a million": (
        op_of(torch.exp, lambda g, x: g * torch.exp(x) * (1 + 3e-6)),
        r"1 \+ 3e-06 times",
    ),
    "less than float32's rounding": (
        op_of(torch.exp, lambda g, x: g * torch.exp(x) * (1 - 1e-7)),
        r"a factor: backward gives 1 - 1e-07 times",
    ),
    "cut": (lambda x: x.detach() * 2, "no gradient arrives"),
    "ignores g": (op_of(torch.exp, lambda _g, x: torch.exp(x)), "the incoming gradient is ignored"),
    "off-diagonal": (
        op_of(lambda x: torch.softmax(x, 1), lambda g, x: g * (p := torch.softmax(x, 1)) * (1 - p)),
        "terms are missing",
    ),
    "Jacobian transposed": (
        op_of(lambda x: x.cumsum(0), lambda g, _x: g.cumsum(0)),
        "J v where J\\^T v is meant",
    ),
    "wrong places": (op_of(lambda x: x.flip(0), lambda g, _x: g.roll(1, 0)), "wrong places"),
    "mean's own gradient": (
        op_of(lambda x: x * x - (x * x).mean(), lambda g, x: 2 * x * (g - g.mean()) + g.mean()),
        "the same for all entries",
    ),
    "float32 inside": (
        op_of(torch.sin, lambda g, x: (g * torch.cos(x)).float().double()),
        "a lost dtype",
    ),
    "few digits": (op_of(torch.log2, lambda g, x: g / (x * 0.6931471)), "few digits"),
    "an edge": (
        op_of(torch.exp, lambda g, x: torch.cat([g[:1] * 0, (g * torch.exp(x))[1:]])),
        "for 3 of the 81 pairs",
    ),
    "nan": (op_of(torch.exp, lambda g, x: g * torch.exp(x) + torch.log(x) * 0), "nan"),
}


@pytest.mark.parametrize(("fn", "named"), WRONG.values(), ids=WRONG)
def test_names_the_kind_of_mistake(fn, named):
    x = np.abs(MATRIX) if "digits" in named else MATRIX
    with pytest.raises(GradientError, match=named):
        check_grads(fn, x)


def mean_kept(x):
    return x.mean(-1, keepdim=True)


S = torch.softmax
MORE = {
    "elementwise instead of mixing": (
        op_of(lambda x: S(x, -1), lambda g, x: g * S(x, -1)),
        r"terms are missing: backward lets each entry .* only, but d output 0\[0, 0\] / d input 0\[0, 1\]",
    ),
    "a formula": (
        op_of(lambda x: x * torch.sin(x), lambda g, x: g * torch.sin(x)),
        r"elementwise derivative(.|\n)*input +backward +differences\n +0\.3 +0\.29552 +0\.582121\n",
    ),
    "a missing term": (op_of(lambda x: x * x + x, lambda g, x: g * x + g), "a term is missing: the input,"),
    "a missing factor": (
        op_of(lambda x: torch.exp(x * x), lambda g, x: 2 * g * torch.exp(x * x)),
        "a factor is missing: the input",
    ),
    "a factor too many": (op_of(torch.exp, lambda g, x: g * x * torch.exp(x)), "factor too many: the input"),
    "input for output": (op_of(torch.tanh, lambda g, x: g * (1 - x * x)), "input taken for the output"),
    "a constant": (op_of(torch.exp, lambda g, x: g * torch.exp(x) + 1e-4), "backward of 0 is not 0"),
    "g squared": (op_of(torch.exp, lambda g, x: g * g * torch.exp(x)), "not linear in the incoming gradient"),
    "no gradient through the scale": (
        op_of(
            lambda x: (x - mean_kept(x)) / x.std(-1, keepdim=True),
            lambda g, x: (g - mean_kept(g)) / x.std(-1, keepdim=True),
        ),
        "backward is off by has rank 3, so it is made of 3 sums",
    ),
    "too wide a mean": (
        op_of(lambda x: x - mean_kept(x), lambda g, _x: g - g.mean()),
        "terms too many.*of too many entries",
    ),
    "a cut path": (lambda x: x * x.detach(), r"one of two equal paths cut, as in x \* x.detach\(\)"),
}  # fmt: skip


@pytest.mark.parametrize(("fn", "named"), MORE.values(), ids=MORE)
def test_asks_backward_again_to_tell_mistakes_apart(fn, named):
    with pytest.raises(GradientError, match=named):
        check_grads(fn, MATRIX)


def test_names_saved_inputs_that_were_exchanged():
    fn = op_of(lambda a, b: a / b, lambda g, a, b: (g / a, -g * a / b**2))
    with pytest.raises(GradientError, match="is right where input 0 and input 1 have changed places"):
        check_grads(fn, f64(1.0, 2.0), f64(3.0, 4.0))


def test_names_all_broadcast_axes_at_once():
    fn = op_of(lambda x, b: x * b, lambda g, x, b: (g * b, (g * x)[0, 0]))
    with pytest.raises(GradientError, match=r"broadcast axes \[0, 1\].*only the first of their 9 places"):
        check_grads(fn, MATRIX, np.array(2.0))


def test_says_what_is_wrong_with_every_input():
    fn = op_of(lambda a, b: a * b, lambda g, a, b: (-g * b, g * a * 2))
    with pytest.raises(GradientError, match=r"a sign(.|\n)*Wrong as well: input 1\. It looks like a factor"):
        check_grads(fn, f64(1.0, 2.0), f64(3.0, 4.0))


def test_gives_the_entry_of_the_jacobian_that_is_off_by_most():
    with pytest.raises(GradientError, match=r"d output 0\[1\] / d x\[1\] is 2 by backward and 4"):
        check_grads(lambda x: x * x.detach(), f64(0.5, 2.0))


def test_calls_an_input_what_the_function_calls_it():
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, weight):
            ctx.save_for_backward(x, weight)
            return x * weight

        @staticmethod
        def backward(ctx, g):
            x, weight = ctx.saved_tensors
            return g * weight, -g * x

    with pytest.raises(GradientError, match=r"with respect to input 1 \(weight\)"):
        check_grads(Scale.apply, f64(1.0), f64(2.0))


def test_names_exchanged_inputs():
    fn = op_of(lambda a, b: a * b, lambda g, a, b: (g * a, g * b))
    with pytest.raises(GradientError, match="exchanged: this is the gradient of input 1"):
        check_grads(fn, f64(1.0, 2.0), f64(0.3, -0.4))


def test_names_exchanged_outputs():
    fn = op_of(lambda x: (torch.sin(x), x * x), lambda g, h, x: h * torch.cos(x) + 2 * g * x)
    with pytest.raises(GradientError, match="arriving at outputs 0 and 1 have changed places"):
        check_grads(fn, MATRIX)


@pytest.mark.parametrize("seed", range(4))  # of one entry, whose cotangent may be of either sign
def test_finds_a_backward_that_is_not_linear_whatever_arrives(seed):
    for wrong in (torch.relu, torch.abs, lambda g: g * g, lambda g: torch.clamp(g, -2.0, 2.0)):
        with pytest.raises(GradientError):
            check_grads(op_of(torch.exp, lambda g, x, f=wrong: f(g) * torch.exp(x)), f64(0.3), seed=seed)


def test_looks_twice_at_a_few_wrong_entries_only():
    calls = 0

    def forward(x):
        nonlocal calls
        calls += 1
        return torch.sin(x)

    x = np.random.default_rng(0).normal(size=(16, 16))
    with pytest.raises(GradientError, match="256 of 256 entries are wrong"):
        check_grads(op_of(forward, lambda g, x: -g * torch.cos(x)), x)
    assert calls < 40 * x.size


def test_names_a_broadcast_axis_that_was_not_summed():
    fn = op_of(lambda x, b: x + b, lambda g, _x, _b: (g, g[0]))
    with pytest.raises(GradientError, match="only one of the 3 rows along axis 0"):
        check_grads(fn, MATRIX, np.ones(3))


def test_names_an_output_whose_gradient_is_dropped():
    fn = op_of(lambda x: (torch.sin(x), x * x), lambda g, _h, x: g * torch.cos(x))
    with pytest.raises(GradientError, match="the gradient arriving at output 1 is not passed on"):
        check_grads(fn, MATRIX)


def test_finds_a_mistake_of_the_second_order_only():
    fn = op_of(torch.sin, lambda g, x: g * torch.cos(x).detach())
    check_grads(fn, MATRIX)
    with pytest.raises(
        GradientError, match="order 2: wrong gradient of the gradient with respect to input 0"
    ):
        check_grads(fn, MATRIX, order=2)


def test_says_that_a_saved_value_of_its_own_is_a_constant_to_the_second_order():
    class Norm(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            r = (x * x).sum().sqrt()
            ctx.save_for_backward(x, r)
            return x / r

        @staticmethod
        def backward(ctx, g):
            x, r = ctx.saved_tensors
            return g / r - x * (g * x).sum() / r**3

    with pytest.raises(GradientError, match="neither an input nor an output is a constant to the next order"):
        check_grads(Norm.apply, f64(0.5, 2.0), order=2)


def test_finds_one_wrong_entry_among_many():
    def backward(g, x):
        wrong = torch.ones_like(x)
        wrong[7, 11] = 1.0001
        return g * torch.cos(x) * wrong

    x = np.random.default_rng(1).normal(size=(40, 30))
    with pytest.raises(GradientError, match=r"at index \[7, 11\]") as caught:
        check_grads(op_of(torch.sin, backward), x)
    assert caught.value.finding.index == (7, 11)


def test_names_the_kind_of_mistake_in_a_large_input():
    x = np.random.default_rng(1).normal(size=(40, 30))
    with pytest.raises(GradientError, match=r"1200 of 1200 entries(.|\n)*gives 0\.5 times"):
        check_grads(lambda x: x * x.detach(), x)
    with pytest.raises(GradientError, match="a sign"):
        check_grads(op_of(torch.sin, lambda g, x: -g * torch.cos(x)), x)


def test_finds_gradients_outside_of_the_slopes_at_a_kink():
    with pytest.raises(GradientError, match=r"kink here.*not between them"):
        check_grads(op_of(torch.abs, lambda g, x: g * (torch.sign(x) + (x == 0) * 2)), f64(0.0, 1.0))


def test_finds_tied_maxima_that_each_take_all():
    fn = op_of(torch.amax, lambda g, x: g * (x == torch.amax(x)))
    with pytest.raises(GradientError, match="do not add up"):
        check_grads(fn, f64(1.0, 3.0, 3.0))


def test_finds_a_small_gradient_among_large_ones():
    # |1e-8 - 9e-7| is below any absolute tolerance that gradcheckers use.
    fn = op_of(lambda x: x * f64(1.0, 1e-8), lambda g, _x: g * f64(1.0, 9e-7))
    with pytest.raises(GradientError, match=r"at index \[1\]"):
        check_grads(fn, f64(0.5, 0.7))


# --- what is no function, or gives no proper gradient ------------------------------------------------------


def test_asks_for_float64():
    with pytest.raises(TypeError, match="input 1 is float32, but finite differences need float64"):
        check_grads(lambda x, y: x * y, f64(1.0), torch.ones(1))


def test_asks_for_something_to_check():
    with pytest.raises(ValueError, match="nothing to check"):
        check_grads(torch.ones, 3)


def test_finds_a_lost_dtype():
    with pytest.raises(GradientError, match=r"output 0 is float32.*lost dtype"):
        check_grads(lambda x: x.float(), f64(1.0))
    with pytest.raises(GradientError, match="float32"):
        check_grads(lambda x: (x.float() * 3.1).double(), f64(1.3, 0.7))


def test_finds_randomness():
    with pytest.raises(GradientError, match="two calls with the same inputs differ"):
        check_grads(lambda x: x * torch.rand(3), np.ones(3))


def test_finds_a_forward_that_writes_its_input():
    with pytest.raises(GradientError, match=r"fn changes input 0 \(x\) in place"):
        check_grads(lambda x: (x.data.mul_(1.5), x * 2)[1], np.ones(3))


def test_finds_a_backward_that_writes_the_gradient_it_is_given():
    fn = op_of(lambda x: x * 2, lambda g, _x: g.mul_(2))
    with pytest.raises(GradientError, match="writes into the gradient that it is given"):
        check_grads(fn, np.ones(3))


def test_finds_a_function_without_floating_output():
    with pytest.raises(GradientError, match="no floating tensor"):
        check_grads(torch.argmax, np.ones(3))


def test_says_that_an_input_is_outside_of_the_domain():
    with pytest.raises(GradientError, match="fn is nan here"):
        check_grads(torch.log, f64(-1.0))


def test_notes_at_an_error_of_the_users_own_what_was_done():
    with pytest.raises(RuntimeError, match="shapes") as caught:
        check_grads(lambda x: x @ torch.ones(7, dtype=torch.float64), np.ones(2))
    assert "raised while check_grads called" in caught.value.__notes__[0]
    wrong = op_of(lambda x: x.sum(0), lambda g, _x: g[:2])
    with pytest.raises(RuntimeError, match="invalid gradient") as caught:
        check_grads(wrong, MATRIX)
    assert "ran backward of" in caught.value.__notes__[0] and "x0 = torch.tensor" in caught.value.__notes__[0]


@pytest.mark.parametrize("wrong", [{"order": 0}, {"seed": -1}, {"projections": 0}, {"rtol": -1}])
def test_refuses_options_that_mean_nothing(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
        check_grads(torch.sin, np.ones(2), **wrong)


def test_asks_for_a_function():
    with pytest.raises(TypeError, match=r"fn must be a function.*it is a Tensor"):
        check_grads(f64(1.0), f64(1.0))


def test_an_oracle_must_be_the_same_function_and_analytic():
    x = np.linspace(-2, 2, 5)
    with pytest.raises(ValueError, match="not the same function"):
        check_grads(torch.tanh, x, oracle=np.sin)
    with pytest.raises(ValueError, match="not analytic"):
        check_grads(lambda x: torch.sqrt(x * x + 1), x, oracle=lambda x: np.sqrt(np.abs(x) ** 2 + 1))


def test_says_that_a_jump_has_no_slope():
    with pytest.raises(GradientError, match="a jump"):
        check_grads(torch.sign, f64(0.0))


# --- the message -----------------------------------------------------------------------------------------


def test_message_has_the_numbers_and_a_snippet_that_reproduces_it():
    fn = op_of(torch.sin, lambda g, x: -g * torch.cos(x))
    with pytest.raises(GradientError) as caught:
        check_grads(fn, torch.tensor([0.25, 0.5], dtype=torch.float64, requires_grad=True), seed=3)
    message = str(caught.value)
    assert "order 1" in message and "input 0, of shape (2,)" in message and "ratio        -1" in message
    snippet = "\n".join(line[4:] for line in message.partition("To see it again:")[2].splitlines())
    assert "seed=3" in snippet
    with pytest.raises(GradientError) as again:
        exec(snippet, {"fn": fn})
    assert str(again.value).partition("order")[2] == message.partition("order")[2]


def test_the_snippet_imports_what_can_be_imported_and_repeats_the_options():
    with pytest.raises(GradientError) as caught:
        check_grads(cut_in_two, f64(1.0), rtol=1e-8, max_entries=0)
    assert "check_grads(cut_in_two, x0, rtol=1e-08, max_entries=0)" in str(caught.value)
    assert f"from {__name__} import cut_in_two" in str(caught.value)


def cut_in_two(x):
    return x * x.detach()


def test_the_same_seed_makes_the_same_check():
    fn = op_of(torch.sin, lambda g, x: g * x)
    messages = set()
    for _ in range(2):
        with pytest.raises(GradientError) as caught:
            check_grads(fn, np.ones(3), seed=5)
        messages.add(str(caught.value))
    assert len(messages) == 1


@pytest.mark.parametrize("side", [20, 60])  # the second is too large to look at every entry
@pytest.mark.parametrize(
    ("rule", "guess"),
    [
        (lambda g, x: -g * x.cos(), "a sign"),
        (lambda g, x: g * x.cos() / 2, r"gives 0\.5 times"),
        (lambda g, x: 0 * g * x, "a gradient that is 0"),
        (lambda g, x: x.cos() + 0 * g.detach(), "(does not depend on the|the) incoming gradient"),
        (lambda g, x: (g * x.cos()).T, "transposed"),
        (lambda g, x: (g * x.cos()).flip(0), "right numbers in the wrong places"),
        (lambda g, x: g * x, "formula of an elementwise derivative"),
        (lambda g, x: g * x.cos() * x, "a factor too many: the input"),
    ],
)
def test_a_large_input_gets_a_guess(side, rule, guess):
    x = np.random.default_rng(0).normal(size=(side, side))
    with pytest.raises(GradientError, match=f"looks like (.|\n)*{guess}"):
        check_grads(op_of(torch.sin, rule), x)


def test_the_guess_for_a_large_input_keeps_the_shapes_that_fit():
    class Matmul(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a @ b

        @staticmethod
        def backward(ctx, g):
            a, b = ctx.saved_tensors
            return g @ b.T, a.T @ torch.ones_like(g)

    random = np.random.default_rng(0)
    a, b = random.normal(size=(60, 70)), random.normal(size=(70, 80))
    found = r"input 1 \(b\), of shape \(70, 80\)(.|\n)*incoming gradient is ignored(.|\n)*of shape \(4, 5\)"
    with pytest.raises(GradientError, match=found):
        check_grads(Matmul.apply, a, b)


def test_a_large_input_that_cannot_be_made_smaller_gets_no_guess_or_a_right_one():
    x = np.random.default_rng(0).normal(size=(60, 60))
    weight = torch.ones(60, 60, dtype=torch.float64)
    with pytest.raises(GradientError) as caught:
        check_grads(lambda x: op_of(torch.sin, lambda g, x: g * x)(x) * weight, x)
    assert caught.value.looks_like == ""


def test_a_large_input_gets_a_guess_at_order_two():
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * g * x * x.detach()

    x = np.random.default_rng(0).uniform(0.5, 2, size=(60, 60))
    with pytest.raises(GradientError, match=r"looks like a factor: backward gives 0\.5 times"):
        check_grads(Cube.apply, x, order=2)
