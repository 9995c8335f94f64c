"""The errors of layers, their functions and init when they are misused."""

import pytest

import minigrad as torch
from minigrad import nn

F = nn.functional


@pytest.mark.parametrize(
    ("make", "kind", "told"),
    [
        (
            lambda: nn.Linear(3, 2)(torch.tensor(1.0)),
            RuntimeError,
            r"Linear\(in_features=3.*\(\.\.\., 3\), but got \(\)",
        ),
        (lambda: nn.Linear(3, 2)(torch.ones(2, 4)), RuntimeError, r"Linear\(in_features=3.*but got \(2, 4\)"),
        (
            lambda: nn.Linear(3, 2)(torch.ones(3).double()),
            RuntimeError,
            r"Linear.*input has dtype float64, the weight float32",
        ),
        (lambda: nn.Linear(3, 2)([1.0]), TypeError, "Linear.*'input' must be a Tensor, not list"),
        (
            lambda: nn.BatchNorm1d(3)(torch.ones(4, 2)),
            RuntimeError,
            r"BatchNorm1d\(3\): .*\(N, 3, L\), but got \(4, 2\)",
        ),
        (lambda: nn.BatchNorm1d(2)(torch.ones(1, 2)), ValueError, r"more than 1 value per channel.*\(1, 2\)"),
        (
            lambda: nn.BatchNorm1d(2)(torch.ones(3, 2).double()),
            RuntimeError,
            "input has dtype float64 and running_mean float32",
        ),
        (lambda: nn.BatchNorm1d(2)([1.0]), TypeError, "BatchNorm1d.*'input' must be a Tensor, not list"),
        (
            lambda: nn.LayerNorm(3)(torch.ones(4, 2)),
            RuntimeError,
            r"normalized_shape=\(3,\).*\(\.\.\., 3\), but got \(4, 2\)",
        ),
        (
            lambda: nn.LayerNorm(2)(torch.ones(2).double()),
            RuntimeError,
            "input has dtype float64 and weight float32",
        ),
        (
            lambda: F.layer_norm(torch.ones(2, 3), (3,), torch.ones(2)),
            RuntimeError,
            r"expected weight of shape \(3,\), but got \(2,\)",
        ),
        (
            lambda: F.batch_norm(torch.ones(3, 2), torch.zeros(2), None, training=True),
            ValueError,
            "both be None or neither",
        ),
        (
            lambda: F.batch_norm(torch.ones(3, 2), torch.zeros(2), None),
            RuntimeError,
            "running_var to be defined",
        ),
        (
            lambda: F.batch_norm(torch.ones(3, 2), None, None, training=True, eps=0.0),
            ValueError,
            "eps must be positive .* 0.0",
        ),
        (
            lambda: F.batch_norm(torch.ones(3, 2), torch.zeros(3), torch.ones(3)),
            RuntimeError,
            r"running_mean of shape \(2,\), but got \(3,\)",
        ),
        (
            lambda: nn.Dropout()(torch.tensor([1, 2])),
            RuntimeError,
            r"dropout: expected a floating input.*int64; convert it with \.float",
        ),
        (
            lambda: F.embedding(torch.tensor([2]), torch.eye(2)),
            IndexError,
            "index out of range in self: 2 is none",
        ),
        (
            lambda: F.embedding(torch.tensor([-1]), torch.eye(2)),
            IndexError,
            "index out of range in self: -1 is none",
        ),
        (
            lambda: F.embedding(torch.tensor([0]), torch.ones(2)),
            RuntimeError,
            r"weight of shape \(rows, size\), got \(2,\)",
        ),
        (lambda: F.one_hot(torch.tensor([0, -1])), RuntimeError, "class value -1 must be non-negative"),
        (
            lambda: F.one_hot(torch.tensor([0, 3]), 3),
            RuntimeError,
            r"class value 3 must be smaller than num_classes \(3\)",
        ),
        (lambda: F.softmax(1.0, 0), TypeError, r"softmax\(\): argument 'input' must be a Tensor, not float"),
        (lambda: F.hardtanh(1.0), TypeError, r"hardtanh\(\): argument 'input' must be a Tensor, not float"),
        (
            lambda: nn.init.normal_(torch.empty(2), 0.0, -1.0),
            ValueError,
            "normal_: std must not be negative, and it is -1.0",
        ),
        (
            lambda: nn.init.uniform_(torch.empty(2), 2.0, 1.0),
            ValueError,
            "uniform_: needs a <= b, not a=2.0 and b=1.0",
        ),
        (
            lambda: nn.init.trunc_normal_(torch.empty(2), 0.0, 0.0),
            ValueError,
            "trunc_normal_: std must be positive, and it is 0.0",
        ),
        (lambda: nn.Linear(-1, 2), RuntimeError, "Linear: in_features must not be negative, and it is -1"),
        (lambda: nn.Linear(2, 2.5), TypeError, "Linear: out_features must be an integer, not float"),
        (lambda: nn.BatchNorm1d(-1), RuntimeError, "BatchNorm1d: num_features must not be negative"),
        (lambda: nn.Embedding(3, "2"), TypeError, "Embedding: embedding_dim must be an integer, not str"),
        (lambda: nn.Flatten()([1.0]), TypeError, r"Flatten\(\): argument 'input' must be a Tensor, not list"),
        (lambda: nn.Sigmoid()([1.0]), TypeError, r"Sigmoid\(\): argument 'input' must be a Tensor, not list"),
        (lambda: nn.Tanh()([1.0]), TypeError, r"Tanh\(\): argument 'input' must be a Tensor, not list"),
        (
            lambda: nn.Bilinear(2, 2, 2)(torch.ones(2), torch.tensor(1.0)),
            ValueError,
            r"Bilinear: input2 must have the shape \(\.\.\., features\), and it is a 0-d tensor",
        ),
        (
            lambda: nn.Bilinear(2, 2, 2)(torch.ones(2).double(), torch.ones(2)),
            RuntimeError,
            "Bilinear: input1 has dtype float64, the weight float32",
        ),
        (lambda: nn.init.zeros_([1.0]), TypeError, r"constant_\(\): argument 'tensor' must be a Tensor"),
        (lambda: nn.utils.clip_grad_norm_([1.0], 1.0), TypeError, "parameters must be Tensors, not float"),
    ],
)
def test_a_misuse_names_the_layer_the_argument_and_both_shapes(make, kind, told):
    with pytest.raises(kind, match=told):
        make()


def test_an_error_inside_a_sequential_says_which_layer_raised_it():
    with pytest.raises(RuntimeError) as caught:
        nn.MLP(4, 5, 3)(torch.ones(2, 5))
    assert "W.T" not in str(caught.value)
    assert caught.value.__notes__ == ["raised by layer (0) of MLP: Linear"]
    inner = nn.Sequential(nn.Identity(), nn.Linear(3, 1))
    with pytest.raises(RuntimeError) as caught:
        nn.Sequential(nn.Flatten(), inner)(torch.ones(2, 5))
    assert caught.value.__notes__ == [
        "raised by layer (1) of Sequential: Linear",
        "raised by layer (1) of Sequential: Sequential",
    ]
