"""Scaled dot product attention beside PyTorch's."""

import pytest

pytestmark = pytest.mark.parity

TABLE = """
q = real(2, 3, 4, 8); k = real(2, 3, 5, 8); v = real(2, 3, 5, 6)
    F.scaled_dot_product_attention(q, k, v{|, scale=0.3|, is_causal=True|, None, 0.0, True})
    F.scaled_dot_product_attention(q[0, 0], k[0, 0], v[0, 0])
    F.scaled_dot_product_attention(q[0], k, v)
    F.scaled_dot_product_attention(q[:, :1], k[:, :1], v)
    F.scaled_dot_product_attention(q, k[:, :1], v[:, :1], enable_gqa=True)
    F.scaled_dot_product_attention(q, k[:, :2], v[:, :2], enable_gqa=True)   # raises
    F.scaled_dot_product_attention(q, k, v, torch.ones(4, 5) > 0)
    F.scaled_dot_product_attention(q, k, v, torch.ones(4, 5).tril(-1) > 0)
    F.scaled_dot_product_attention(q, k, v, q[:, :, :, :5])
    F.scaled_dot_product_attention(q[..., :7], k, v)                         # raises
"""


@pytest.fixture(autouse=True)
def _the_way_with_a_second_derivative(pytorch):
    pytorch.backends.cuda.enable_flash_sdp(False)
    yield
    pytorch.backends.cuda.enable_flash_sdp(True)


def test_attention(case, compare):
    compare(case)
