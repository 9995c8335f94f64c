"""Bags of embeddings and the norms beyond the core beside PyTorch's."""

import pytest

pytestmark = pytest.mark.parity

TABLE = """
x = real(2, 4, 3, 2); w = real(3, 2)
    F.rms_norm(x, (2,){|, w[0]|, None, 0.1})
    F.rms_norm(x, (3, 2), w)
    F.rms_norm(x, (3,))                                                      # raises
    F.rms_norm(x, (2,), w[:, 0])                                             # raises
    F.local_response_norm(x, {1|2|3|4|5}{|, 0.5, 0.3, 2.0})
    F.local_response_norm(x[0, 0], 2)                                        # raises
    F.local_response_norm(x, 0)                                              # raises
    F.channel_shuffle(x, {1|2|4})
    F.channel_shuffle(x, {3|0})                                              # raises
    F.feature_alpha_dropout(x, {0.5|0.0})
    torch.nn.{LocalResponseNorm(3, 0.5)|ChannelShuffle(2)|RMSNorm(2, elementwise_affine=False)}(x)
w = real(6, 3); i = ints(2, 4, below=6); s = real(2, 4)
    F.embedding_bag(i, w{|, mode='sum'|, mode='max'|, padding_idx=2|, mode='max', padding_idx=1})  # first
    F.embedding_bag(i, w, mode='sum', per_sample_weights=s{|, padding_idx=1})  # first
    F.embedding_bag(i[0], w, torch.tensor([0, 1, 1]), mode={'sum'|'mean'|'max'})  # first
    F.embedding_bag(i[0], w, torch.tensor([0, 2, 4]), mode={'sum'|'mean'}, include_last_offset=True)  # first
    F.embedding_bag(i, w, mode='sum', scale_grad_by_freq=True)               # refused
    F.embedding_bag(i, w, torch.tensor([0]))                                 # raises
    F.embedding_bag(i[0], w)                                                 # raises
    F.embedding_bag(i, w, mode='min')                                        # raises
    F.embedding_bag(i, w, per_sample_weights=s)                              # raises
x = real(4, 3); y = real(4, 2); w = real(5, 3, 2); b = real(5)
    F.bilinear(x, y, w{|, b})
    F.bilinear({x[:2], y|y, x}, w)                                        # raises
    F.pdist(x{|, 1.0|, 0.0|, 3.0|, float('inf')})
    F.pdist(x[0])                                                            # raises
    F.pdist(x, -1.0)                                                         # raises
    torch.nn.Unflatten(1, (3, {1|-1}))(x)
    torch.nn.Unflatten(1, {5|(3, 1.0)})                                      # raises
"""


def test_case(case, compare):
    compare(case)
