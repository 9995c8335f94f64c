"""Attention and the transformer beside PyTorch: values, gradients, weights' names, printed form, masks."""

import numpy as np
import pytest

import minigrad

pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:enable_nested_tensor:UserWarning"),
    pytest.mark.filterwarnings("ignore:Support for mismatched:UserWarning"),
    pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning"),
]
MASK = np.random.default_rng(3).random((4, 5)) < 0.4
MASK[:, 0] = False
PADDING = np.zeros((3, 5), np.bool_)
PADDING[1, 3:] = PADDING[2, 4:] = True


def x_of(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.fixture(autouse=True)
def _the_way_with_a_second_derivative(pytorch):
    pytorch.backends.cuda.enable_flash_sdp(False)
    yield
    pytorch.backends.cuda.enable_flash_sdp(True)


def compare(pytorch, make, call, *arrays):
    """Both libraries' results, gradients and second gradients, from the same weights."""
    theirs = make(pytorch.nn).double()
    for i, p in enumerate(theirs.parameters()):
        p.data = pytorch.from_numpy(x_of(*p.shape, seed=i + 5) * 0.4)
    ours = make(minigrad.nn).double()
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict({k: minigrad.from_numpy(v.numpy()) for k, v in theirs.state_dict().items()})
    results = []
    for lib, net in ((minigrad, ours), (pytorch, theirs)):
        xs = [lib.from_numpy(a.copy()).requires_grad_() for a in arrays]
        out = call(lib, net, *xs)
        out = [y for y in (out if isinstance(out, tuple) else (out,)) if y is not None]
        leaves = [*xs, *net.parameters()]
        first = lib.autograd.grad(sum((y * y).sum() for y in out), leaves, create_graph=True)
        second = lib.autograd.grad(sum((g * g).sum() for g in first), leaves)
        results.append([t.detach().numpy() for t in (*out, *first, *second)])
    for a, b in zip(*results, strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-8 * max(1, np.abs(b).max(initial=0)))


HOW = [
    {},
    {"attn_mask": MASK},
    {"attn_mask": np.where(MASK, -1.5, 0.2)},
    {"key_padding_mask": PADDING},
    {"key_padding_mask": PADDING, "attn_mask": MASK},
    {"attn_mask": np.repeat(MASK[None], 6, 0)},
    {"average_attn_weights": False},
    {"need_weights": False, "attn_mask": MASK},
    {"need_weights": False, "key_padding_mask": PADDING},
]
MADE = [
    {},
    {"bias": False},
    {"kdim": 6, "vdim": 7},
    {"add_bias_kv": True, "add_zero_attn": True},
    {"add_zero_attn": True, "batch_first": True},
]


@pytest.mark.parametrize("how", HOW, ids=" ".join)
@pytest.mark.parametrize("options", MADE, ids=str)
def test_multihead_attention(pytorch, options, how):
    def call(lib, net, q, k, v):
        given = {n: lib.from_numpy(a) if isinstance(a, np.ndarray) else a for n, a in how.items()}
        return net(q, k, v, **given)

    k, v = options.get("kdim", 8), options.get("vdim", 8)
    arrays = [x_of(4, 3, 8), x_of(5, 3, k, seed=1), x_of(5, 3, v, seed=2)]
    if options.get("batch_first"):
        arrays = [a.swapaxes(0, 1).copy() for a in arrays]
    compare(pytorch, lambda nn: nn.MultiheadAttention(8, 2, **options), call, *arrays)


def test_attention_of_one_sample_to_itself(pytorch):
    for order in (False, True):
        compare(
            pytorch,
            lambda nn: nn.MultiheadAttention(8, 2, batch_first=order),  # noqa: B023
            lambda _, net, x: net(x, x, x),
            x_of(5, 8),
        )


LAYER = [
    {},
    {"norm_first": True, "activation": "gelu", "bias": False},
    {"batch_first": True, "layer_norm_eps": 1e-3},
]


@pytest.mark.parametrize("options", LAYER, ids=str)
def test_transformer(pytorch, options):
    def make(nn):
        return nn.Transformer(8, 2, 2, 1, 12, 0.0, **options)

    def call(lib, net, src, tgt):
        mask = net.generate_square_subsequent_mask(4).double()
        padding = lib.from_numpy(PADDING)
        return net(src, tgt, tgt_mask=mask, src_key_padding_mask=padding, memory_key_padding_mask=padding)

    arrays = [x_of(5, 3, 8), x_of(4, 3, 8, seed=1)]
    if options.get("batch_first"):
        arrays = [a.swapaxes(0, 1).copy() for a in arrays]
    compare(pytorch, make, call, *arrays)


ERRORS = """nn.MultiheadAttention(8,3)|nn.MultiheadAttention(0,1)|nn.MultiheadAttention(8,2)(x,x[:,0],x)
nn.MultiheadAttention(8,2)(x[0,0],x,x)|nn.MultiheadAttention(8,2)(x,x,x[:2])|nn.MultiheadAttention(8,2)(y,x,x)
nn.MultiheadAttention(8,2)(x,y,y)|nn.MultiheadAttention(8,2)(x,x,x,is_causal=True)
nn.MultiheadAttention(8,2)(x,x,x,attn_mask=x[:3,0,:4])|nn.MultiheadAttention(8,2)(x,x,x,attn_mask=x[:2,:2,:4])
nn.MultiheadAttention(8,2)(x,x,x,attn_mask=x[0,:4,:4].long())|nn.MultiheadAttention(8,2)(x,x,x,attn_mask=x[0,0])
nn.MultiheadAttention(8,2)(x,x,x,key_padding_mask=x[:,:3,0])
nn.MultiheadAttention(8,2)(x,x,x,key_padding_mask=x[0,0])|nn.MultiheadAttention(8,2,kdim=5,vdim=6)(x,y,y)
nn.MultiheadAttention(8,2)(x.double(),x.double(),x.double())|nn.TransformerEncoderLayer(8,2,activation='foo')
nn.TransformerEncoderLayer(8,3)|nn.Transformer(8,2,1,1,4)(x,x[:,:2])|nn.Transformer(8,2,1,1,4)(y,x)
F.scaled_dot_product_attention(x,x,x,x[0],is_causal=True)|F.scaled_dot_product_attention(x,x.double(),x)
F.scaled_dot_product_attention(x,y,x)|F.scaled_dot_product_attention(x,x,x[:,:2])
F.scaled_dot_product_attention(x,x,x,x[:2])|F.scaled_dot_product_attention(x.long(),x.long(),x.long())
F.scaled_dot_product_attention(x,x,x,dropout_p=2.0)|F.scaled_dot_product_attention(x[0,0],x,x)""".replace(
    "\n", "|"
)


@pytest.mark.parametrize("code", ERRORS.split("|"))
def test_both_refuse(pytorch, code):
    kinds = []
    for lib in (minigrad, pytorch):
        scope = {"nn": lib.nn, "F": lib.nn.functional, "x": lib.ones(4, 3, 8), "y": lib.ones(4, 3, 7)}
        with pytest.raises(Exception) as caught:  # noqa: PT011
            eval(code, scope)
        kinds.append(caught.type.__name__)
    assert kinds[0] == kinds[1]


HIDDEN = {
    "ends": [[0, 0, 0, 1, 1], [0, 0, 0, 0, 0], [0, 0, 1, 1, 1]],
    "all end early": [[0, 0, 0, 1, 1], [0, 0, 0, 1, 1], [0, 0, 1, 1, 1]],
    "holes": [[0, 0, 1, 0, 1], [0, 0, 0, 0, 0], [1, 0, 0, 1, 1]],
    "a whole row": [[1, 1, 1, 1, 1], [0, 0, 0, 0, 1], [0, 0, 1, 1, 1]],
    "-inf": [[0, 0, 0, -np.inf, -np.inf], [0, 0, 0, 0, 0], [0, 0, 0, 0, -np.inf]],
    "floats": [[0.5, 0, 0, 0, -np.inf], [0, 0, 0, 0, 0], [0, 0.25, 0, 0, -1]],
}
ENCODER = ["", "norm=nn.LayerNorm(8)", "enable_nested_tensor=False", "mask_check=False"]
LAYERS = ["", "norm_first=True", "activation='gelu'", "activation=nn.GELU('tanh')", "activation=nn.Tanh()"]
LAYERS += ["bias=False", "nhead=1", "batch_first=False"]


def padding_of(name, lib):
    rows = np.array(HIDDEN[name])
    return lib.from_numpy(rows.astype("bool") if rows.dtype.kind == "i" else rows.astype("float64"))


def evaluated(pytorch, make, call):
    """Both libraries' results in evaluation, no gradient recorded, from the same weights."""
    theirs = make(pytorch.nn).double().eval()
    for i, p in enumerate(theirs.parameters()):
        p.data = pytorch.from_numpy(x_of(*p.shape, seed=i + 5) * 0.4)
    ours = make(minigrad.nn).double().eval()
    ours.load_state_dict({k: minigrad.from_numpy(v.numpy()) for k, v in theirs.state_dict().items()})
    results = []
    for lib, net in ((minigrad, ours), (pytorch, theirs)):
        with lib.no_grad():
            out = call(lib, net, lib.from_numpy(x_of(3, 5, 8)))
        results.append([y.numpy() for y in (out if isinstance(out, tuple) else (out,)) if y is not None])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-9)
    return results[0]


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("options", ENCODER)
@pytest.mark.parametrize("layer", LAYERS)
def test_padding_in_evaluation(pytorch, layer, options, hidden):
    def make(nn):
        how = {"nhead": 2, "batch_first": True} | eval(f"dict({layer})", {"nn": nn})
        made = nn.TransformerEncoderLayer(8, dim_feedforward=12, **how)
        return nn.TransformerEncoder(made, 2, **eval(f"dict({options})", {"nn": nn}))

    def call(lib, net, x):
        turned = x.transpose(0, 1) if layer == "batch_first=False" else x
        return net(turned, src_key_padding_mask=padding_of(hidden, lib))

    evaluated(pytorch, make, call)


@pytest.mark.parametrize("hidden", [None, *HIDDEN])
@pytest.mark.parametrize("mask", [None, "bool", "floats"])
@pytest.mark.parametrize("layer", LAYERS[:4])
def test_masks_of_a_layer_in_evaluation(pytorch, layer, mask, hidden):
    def call(lib, net, x):
        padding = None if hidden is None else padding_of(hidden, lib)
        values = x_of(5, 5, seed=8) * (x_of(5, 5, seed=9) > 0.5)
        given = None if mask is None else lib.from_numpy(values != 0 if mask == "bool" else values)
        return net(x, src_mask=given, src_key_padding_mask=padding)

    def make(nn):
        how = eval(f"dict({layer})", {"nn": nn})
        return nn.TransformerEncoderLayer(8, 2, 12, batch_first=True, **how)

    evaluated(pytorch, make, call)


@pytest.mark.parametrize("weights", [True, False])
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("layer", ["", "add_zero_attn=True", "add_bias_kv=True", "bias=False"])
def test_masks_of_attention_in_evaluation(pytorch, layer, hidden, weights):
    def call(lib, net, x):
        return net(x, x, x, key_padding_mask=padding_of(hidden, lib), need_weights=weights)

    def make(nn):
        return nn.MultiheadAttention(8, 2, batch_first=True, **eval(f"dict({layer})", {"nn": nn}))

    evaluated(pytorch, make, call)
