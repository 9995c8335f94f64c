"""Taking apart and putting together: values, types and orders survive, and all else is refused."""

import json
import math
from collections import Counter, OrderedDict, namedtuple

import numpy as np
import pytest
from hypothesis import given, strategies as st

import minigrad as torch
from minigrad.checkpoint import CheckpointError
from minigrad.checkpoint.structure import checksum, pack, unpack

DTYPES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]


def there_and_back(value):
    return unpack(*pack(value))


@st.composite
def tensors(draw):
    shape = draw(st.lists(st.integers(0, 3), max_size=3))
    dtype = draw(st.sampled_from(DTYPES))
    count = math.prod(shape) * np.dtype(dtype).itemsize
    data = draw(st.binary(min_size=count, max_size=count))
    array = np.frombuffer(data, np.uint8)
    array = (array % 2 if dtype == "bool" else array).view(dtype).reshape(shape)
    return torch.tensor(array, requires_grad=dtype.startswith("float") and draw(st.booleans()))


KEYS = (
    st.text(max_size=6) | st.integers() | st.sampled_from(["0.weight", "__metadata__", "a\0b", "\\", "ü.ö"])
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | tensors()
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=10,
)


@given(VALUES)
def test_every_value_comes_back_as_it_was(same, value):
    assert same(there_and_back(value), value)


@given(VALUES)
def test_the_text_is_ascii_and_strict_json(value):
    text, _ = pack(value)
    assert text.isascii()
    json.loads(text, parse_constant=pytest.fail)  # Infinity and NaN are not JSON


@given(KEYS, KEYS)
def test_names_can_be_written_in_every_format(a, b):
    _, arrays = pack({a: torch.zeros(1), b: [torch.ones(1), {a: torch.ones(1)}]})
    for name in arrays:
        assert name.encode()
        assert name != "__metadata__"
        assert not set("\0\\") & set(name)


def test_state_dicts_keep_their_names():
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    _, arrays = pack(model.state_dict())
    assert list(arrays) == list(model.state_dict())
    _, arrays = pack({"model": model.state_dict(), "b": [torch.zeros(1)]})
    assert list(arrays) == [f"model.{name}" for name in model.state_dict()] + ["b.0"]


def test_equal_paths_get_different_names(same):
    value = {"a.b": torch.zeros(1), "a": {"b": torch.ones(1)}, "tensor 1": torch.full((1,), 2.0)}
    assert same(there_and_back(value), value)


def test_one_tensor_alone(same):
    x = torch.arange(6.0).reshape(2, 3)
    assert same(there_and_back(x), x)
    assert list(pack(x)[1]) == ["tensor"]


def test_strided_tensors_are_saved_as_they_look():
    x = torch.arange(6.0).reshape(2, 3)
    for view in (x.T, x[:, ::2], x.flip(0), x.expand(2, 2, 3)):
        back = there_and_back(view)
        assert back.tolist() == view.tolist()
        assert back.is_contiguous()


def test_other_mappings_and_scalars(same):
    assert type(there_and_back(OrderedDict(a=1))) is dict
    counted = there_and_back(Counter([1, 1, 5]))
    assert type(counted) is Counter
    assert (counted[1], counted[2]) == (2, 0)
    assert same(there_and_back([np.float32(0.1), np.int64(3), np.True_]), [float(np.float32(0.1)), 3, True])
    assert same(there_and_back({np.int64(3): 1}), {3: 1})
    assert same(there_and_back(namedtuple("P", "x y")(1, 2)), (1, 2))


def test_numbers_of_any_size(same):
    state = np.random.default_rng(1).bit_generator.state
    assert max(state["state"].values()) > 2**64
    value = {"generator": state, "floats": [math.inf, -math.inf, math.nan, -0.0, 5e-324, 0.1], "big": 10**300}
    assert same(there_and_back(value), value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (torch.nn.Linear(1, 1), r"cannot save this, a Linear: save what its state_dict\(\) gives"),
        ({"a": [1, np.ones(2)]}, r"cannot save \['a'\]\[1\], a ndarray: make it a tensor with from_numpy"),
        ({"f": len}, r"cannot save \['f'\], a builtin_function_or_method: a checkpoint holds tensors, n"),
        ({"s": {1}}, r"cannot save \['s'\], a set"),
        (b"bytes", "cannot save this, a bytes"),
        (1j, "cannot save this, a complex"),
        ({"dtype": torch.float32}, r"cannot save \['dtype'\]"),
        ({"a": {(1, 2): 3}}, r"cannot save the key \(1, 2\) of \['a'\]: keys must be strings or whole"),
        ({1.5: 3}, r"cannot save the key 1.5 of this"),
    ],
)
def test_what_cannot_be_saved_is_named_with_its_place(value, message):
    with pytest.raises(TypeError, match=message):
        pack(value)


def test_a_value_that_contains_itself_is_refused():
    value = []
    value.append(value)
    with pytest.raises(ValueError, match="contains itself"):
        pack(value)


TENSOR = {"tensor": "w", "crc32": checksum(np.ones(2))}


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (1, "holds the tensor 'w' that its description does not mention"),
        ([TENSOR, TENSOR], "the tensor 'w' is missing"),
        ({**TENSOR, "tensor": "v"}, "the tensor 'v' is missing"),
        ({**TENSOR, "tensor": []}, "description is damaged"),
        ({**TENSOR, "crc32": 0}, "the tensor 'w' is damaged"),
        ({"tensor": "w"}, r"description is damaged \('crc32'\)"),
        ([TENSOR, {}], "description is damaged"),
        ([TENSOR, {"set": []}], "description is damaged"),
        ([TENSOR, {"dict": [], "tuple": []}], "description is damaged"),
        ([TENSOR, {"dict": [["a", 1], ["a", 2]]}], "description is damaged"),
        ([TENSOR, {"dict": [[[], 1]]}], "description is damaged"),
        ([TENSOR, {"dict": {"ab": 1}}], "description is damaged"),
        ([TENSOR, {"dict": [[["a"], 1]]}], "description is damaged"),
        ([TENSOR, {"dict": 3}], "description is damaged"),
        ([TENSOR, {"counter": None}], "description is damaged"),
        ([TENSOR, {"tuple": 3}], "description is damaged"),
        ([TENSOR, {"float": "x"}], "description is damaged"),
        ([TENSOR, {"float": []}], "description is damaged"),
        ([TENSOR, {"__reduce__": ["os.system", "true"]}], "description is damaged"),
    ],
)
def test_hostile_descriptions_are_refused(tree, message):
    with pytest.raises(CheckpointError, match=message):
        unpack(json.dumps({"version": 1, "tree": tree}), {"w": np.ones(2)})


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "{}", '{"version":1}', '{"version":1,"tree":' + "9" * 5000 + "}"]
)
def test_what_is_no_description_is_refused(text):
    with pytest.raises(CheckpointError, match="description is damaged"):
        unpack(text, {})


def test_a_later_version_is_refused():
    with pytest.raises(CheckpointError, match="its version is 2, and this minigrad reads 1"):
        unpack('{"version":2,"forest":[]}', {})


def test_the_checksum_tells_dtypes_shapes_and_bits_apart():
    arrays = [
        np.zeros((2, 3), "f4"), np.zeros((3, 2), "f4"), np.zeros(6, "f4"), np.zeros((2, 3), "i4"),
        np.full((2, 3), -0.0, "f4"), np.zeros((0, 3), "f4"), np.zeros((3, 0), "f4"), np.zeros((), "f4"),
    ]  # fmt: skip
    assert len({checksum(array) for array in arrays}) == len(arrays)
    big_endian = np.arange(3, dtype=">i2")
    assert checksum(big_endian) == checksum(big_endian.astype("<i2"))
