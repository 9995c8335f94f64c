"""Attention and the transformer: formulas in NumPy, masks, gradients, errors."""

import math

import numpy as np
import pytest

import minigrad as torch
from minigrad import nn
from minigrad.nn import functional as F
from minigrad.testing import check_grads


def drawn(*shape, seed=0):
    values = np.random.default_rng(seed).standard_normal(shape)
    return torch.from_numpy(values).requires_grad_()


def by_hand(q, k, v, allowed, scale):
    scores = np.where(allowed, q @ np.swapaxes(k, -1, -2) * scale, -np.inf)
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True) @ v


@pytest.mark.parametrize("scale", [None, 0.0, 0.7])
def test_attention_is_its_formula(scale):
    q, k, v = drawn(2, 3, 4, 8), drawn(2, 3, 5, 8, seed=1), drawn(2, 3, 5, 6, seed=2)
    allowed = np.tril(np.ones((4, 5), np.bool_))
    factor = 1 / math.sqrt(8) if scale is None else scale
    expected = by_hand(*(x.detach().numpy() for x in (q, k, v)), allowed, factor)
    added = torch.from_numpy(np.where(allowed, 0, -np.inf))
    for how in ({"is_causal": True}, {"attn_mask": torch.from_numpy(allowed)}, {"attn_mask": added}):
        out = F.scaled_dot_product_attention(q, k, v, **how, scale=scale)
        np.testing.assert_allclose(out.detach().numpy(), expected, rtol=1e-12, atol=1e-14)


def test_heads_of_the_query_share_a_key():
    q, k, v = drawn(2, 6, 4, 3), drawn(2, 2, 5, 3, seed=1), drawn(2, 3, 5, 3, seed=2)
    shared = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    k, v = k.repeat_interleave(3, 1), v.repeat_interleave(2, 1)
    assert shared.tolist() == F.scaled_dot_product_attention(q, k, v).tolist()


def test_a_query_whose_keys_are_all_masked_gets_0_and_passes_no_nan():
    q, k, v = drawn(3, 4), drawn(3, 4, seed=1), drawn(3, 4, seed=2)
    mask = torch.tensor([[True, False, True], [False, False, False], [True, True, True]])
    out = F.scaled_dot_product_attention(q, k, v, mask)
    assert out[1].tolist() == [0, 0, 0, 0]
    gradients = torch.autograd.grad((out * out).sum(), [q, k, v], create_graph=True)
    assert gradients[0][1].tolist() == [0, 0, 0, 0]
    second = torch.autograd.grad(sum((g * g).sum() for g in gradients), [q, k, v])
    assert all(torch.isfinite(g).all() for g in (*gradients, *second))


def test_gradients_of_attention():
    mask = torch.tensor([[True, False, True], [True, True, False]])
    check_grads(
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, mask),
        drawn(2, 4), drawn(3, 4, seed=1), drawn(3, 2, seed=2), order=2,
    )  # fmt: skip


def test_dropout_of_weights_keeps_their_mean():
    torch.manual_seed(0)
    q, k, v = torch.zeros(2000, 4), torch.zeros(8, 4), torch.ones(8, 1)
    out = F.scaled_dot_product_attention(q, k, v, dropout_p=0.25)
    assert abs(out.mean().item() - 1) < 0.02 and out.std() > 0.1
    assert (F.scaled_dot_product_attention(q, k, v, dropout_p=1.0) == 0).all()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"attn_mask": torch.ones(4, 5, dtype=torch.bool), "is_causal": True}, "should not be set"),
        ({"attn_mask": torch.ones(3, 5, dtype=torch.bool)}, r"attn_mask \(3, 5\) does not broadcast"),
        ({"attn_mask": torch.ones(4, 5, dtype=torch.int64)}, "dtype bool, float32 or the query's"),
        ({"key": torch.ones(2, 5, 7)}, "must have the same last size"),
        ({"value": torch.ones(2, 6, 8)}, "must have the same length"),
        ({"value": torch.ones(2, 5, 8, dtype=torch.float64)}, "one dtype"),
        ({"query": torch.ones(8)}, "at least 2 dimensions"),
        ({"dropout_p": 1.5}, "between 0 and 1"),
        ({"query": torch.ones(3, 4, 8), "enable_gqa": True}, "must divide the number"),
    ],
)
def test_attention_says_what_does_not_fit(how, message):
    given = {"query": torch.ones(2, 4, 8), "key": torch.ones(2, 5, 8), "value": torch.ones(2, 5, 8)}
    with pytest.raises(RuntimeError, match=message):
        F.scaled_dot_product_attention(**{**given, **how})


def test_multihead_attention_is_its_formula():
    layer = nn.MultiheadAttention(6, 2, batch_first=True, dtype=torch.float64)
    nn.init.normal_(layer.in_proj_bias)
    x = drawn(3, 4, 6)
    out, weights = layer(x, x, x)
    w, b = layer.in_proj_weight.detach().numpy(), layer.in_proj_bias.detach().numpy()
    heads = []
    for h in range(2):
        q, k, v = (
            x.detach().numpy() @ w[r].T + b[r] for r in (slice(i + 3 * h, i + 3 * h + 3) for i in (0, 6, 12))
        )
        heads.append(by_hand(q, k, v, True, 1 / math.sqrt(3)))
    expected = np.concatenate(heads, -1) @ layer.out_proj.weight.detach().numpy().T
    np.testing.assert_allclose(out.detach().numpy(), expected, rtol=1e-12)
    np.testing.assert_allclose(weights.sum(-1).detach().numpy(), 1, rtol=1e-12)
    again, none = layer(x, x, x, need_weights=False)
    assert none is None
    np.testing.assert_allclose(again.detach().numpy(), expected, rtol=1e-12)


def test_padding_and_order_of_axes():
    layer = nn.MultiheadAttention(6, 2, dtype=torch.float64)
    first = nn.MultiheadAttention(6, 2, batch_first=True, dtype=torch.float64)
    first.load_state_dict(layer.state_dict())
    x = drawn(4, 3, 6)
    padding = torch.tensor([[False, False, False, True]] * 3)
    out, weights = layer(x, x, x, key_padding_mask=padding)
    assert (weights[:, :, 3] == 0).all()
    y = x.transpose(0, 1)
    np.testing.assert_allclose(
        first(y, y, y, padding)[0].transpose(0, 1).detach().numpy(), out.detach().numpy(), rtol=1e-12
    )


def test_a_causal_decoder_does_not_see_what_comes_later():
    net = nn.Transformer(8, 2, 1, 1, 16, dropout=0.0)
    src, tgt = torch.randn(5, 2, 8), torch.randn(4, 2, 8)
    mask = net.generate_square_subsequent_mask(4)
    before = net(src, tgt, tgt_mask=mask)
    tgt[3] += 1
    after = net(src, tgt, tgt_mask=mask)
    np.testing.assert_allclose(before[:3].detach().numpy(), after[:3].detach().numpy(), rtol=1e-5, atol=1e-6)
    assert not torch.allclose(before[3], after[3])


def test_an_encoder_of_copies_trains_each_of_them():
    layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, torch.tanh, norm_first=True, batch_first=True)
    net = nn.TransformerEncoder(layer, 2, nn.LayerNorm(8))
    net(torch.randn(3, 4, 8)).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    assert layer.linear1.weight.grad is None


def test_errors_of_the_layers():
    with pytest.raises(AssertionError, match="divisible"):
        nn.MultiheadAttention(8, 3)
    with pytest.raises(RuntimeError, match="relu/gelu, not foo"):
        nn.TransformerEncoderLayer(8, 2, activation="foo")
    x = torch.ones(4, 3, 8)
    layer = nn.MultiheadAttention(8, 2)
    with pytest.raises(RuntimeError, match="attn_mask is missing"):
        layer(x, x, x, is_causal=True)
    with pytest.raises(AssertionError, match=r"key_padding_mask of shape \(3, 4\)"):
        layer(x, x, x, key_padding_mask=torch.zeros(3, 5, dtype=torch.bool))
    with pytest.raises(RuntimeError, match="batch number"):
        nn.Transformer(8, 2, 1, 1, 4)(x, x[:, :2])


def test_an_encoder_in_evaluation_gives_zeros_at_padded_ends():
    layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True)
    x = torch.randn(2, 4, 8)
    ends = torch.tensor([[False, False, True, True], [False] * 4])
    holes = torch.tensor([[False, True, False, True], [False] * 4])
    net = nn.TransformerEncoder(layer, 2).eval()
    kept = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).eval()
    with torch.no_grad():
        out, ordinary = net(x, src_key_padding_mask=ends), kept(x, src_key_padding_mask=ends)
        assert (out[0, 2:] == 0).all() and (ordinary[0, 2:] != 0).all()
        np.testing.assert_array_equal(out[~ends].numpy(), ordinary[~ends].numpy())
        assert (net(x, src_key_padding_mask=holes) != 0).all()
        assert (net.train()(x, src_key_padding_mask=ends) != 0).all()
    assert (net.eval()(x, src_key_padding_mask=ends) != 0).all()
    assert (net.requires_grad_(False)(x, src_key_padding_mask=ends)[0, 2:] == 0).all()


def test_a_layer_in_evaluation_hides_each_place_where_a_mask_of_floats_is_not_zero():
    layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True, dropout=0.0)
    x, mask = torch.randn(2, 4, 8), torch.tensor([[0.0, 0.5, 0.0, 0.0]] * 4)
    recorded = layer.eval()(x, mask)
    with torch.no_grad():
        np.testing.assert_array_equal(layer(x, mask).numpy(), layer(x, mask != 0).numpy())
        assert not torch.allclose(layer(x, mask), recorded)
        layer.linear1.register_forward_hook(lambda *_: None)
        assert torch.allclose(layer(x, mask), recorded)


def test_a_query_that_sees_no_key_has_nan_in_evaluation():
    layer = nn.MultiheadAttention(8, 2, batch_first=True).eval()
    x, hidden = torch.randn(1, 3, 8), torch.tensor([[True] * 3])
    assert not layer(x, x, x, hidden, need_weights=False)[0].isnan().any()
    with torch.no_grad():
        out, weights = layer(x, x, x, hidden, need_weights=False)
    assert out.isnan().all() and weights is None
