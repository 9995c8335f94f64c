"""Files that PyTorch wrote before version 1.6: pickles one behind the other, then the values."""

import base64
import io
import zlib

import numpy as np
import pytest

import minigrad as torch
from minigrad.checkpoint import CheckpointError

# torch.save of `saved()`, with PyTorch 2.13 and _use_new_zipfile_serialization=False.
OLD = zlib.decompress(
    base64.b85decode(
        """
c-nQ7M|0Ca6vtIuh#(<!LJi%a7+Y}?Ih2GDLQ$$r5p6uOt%<}amjBW^49s}O7pL$UIB?`+@O3zGW`+Z+m23zo9`9=R?c3jL``W@M
$@%qp?&t8kuggQ(wy^MBq;m^gMjzxjuHm`Ft-4Nm-Sm9ht%IiudOtmJY(gBfY}RYGQHQXlOH@ccG|aMZe>8oFEhI8}k_vsx^$3!x
po?^8*9lT;LQez?x4w$BnrJq=HhC(2557uVuWDt>O=3H~RQAkD({^fQV%B}vE3eBEgiJ<H2XLxsteOzRE7F|f8l)5oB_#9#s#7fF
^SPoT%Z1#yq9Doqs5Y9^kJKVTdPU{bR0n%hzJtE)Dh<~$tAs}DOG{qO^vv3<T_qBv5e<6@_G##6juH%5)DKIvV(sj=LjGXD7gb>c
2UK1aH*j#<3Q&g#4r@5VP!${vQBfE(uIu!oIQECG6vrke@}uK99H(@F(uV@N(7}no`;#I06v1f?XBgSS*_~vTq5OD{KKw6T$tgHT
={%*M59kzpA($?P^h*SnHC$nI8<`#Sd0NpPd1MD!$rp-w8CN6nHAYtX4O|aDH$r-r;HHKgqc@P><s~!>&sZ~w=}D0PuK}}0Baty0
WvLKlX)K6iJhU`HplB#=vCZTrZfUs9%+_&7<=M)>-Nj8zvGp3JndZHWo(f*6X|GxYGx65toH8ooeiZ9$FV+X)XD;;MA;BXJk6ABN
Y{SQsU1<5STmfoCn~!R;5KN09X^CK2!%DLSP4A;u%QQJg%^(I!?EI-tg&dx>@SL?xx1C?8yzl!J7N8G3s$z+Du!NUEQ@rZnwT3rA
gT4(KH0CApaSup{tGyUkqS(wO;}VdH>$0?&6}a%nb9}V=Hq~842b|E`w5Nj6Js<v2>a7P?Chw;HzQ=UAY5J$5O~;q%-=_6O4F
""".replace("\n", "")
    )
)


def loaded(data):
    return torch.load(io.BytesIO(data))


def test_an_old_file_is_read():
    found = loaded(OLD)
    assert found["w"].tolist() == [0, 1, 2, 3, 4, 5]
    assert found["t"].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert (found["b"].tolist(), found["h"].tolist(), found["i"].tolist()) == (
        [True, False],
        [1.5],
        [[2**40]],
    )
    assert (found["h"].dtype, found["i"].dtype, found["b"].dtype) == (torch.float32, torch.int64, torch.bool)
    assert isinstance(found["p"], torch.nn.Parameter) and found["p"].tolist() == [1, 1]
    assert found["n"] == (1, "a", None) and found["s"] == torch.Size([6])
    torch.nn.Linear(1, 1).load_state_dict(found["m"])
    assert found["m"]["weight"].item() == pytest.approx(0.8278675)
    found["w"][1] = 50
    assert found["t"][0, 1].item() == 3 and found["t"][1, 0].item() == 50


def test_a_cut_is_an_error_at_every_place():
    for end in range(len(OLD)):
        with pytest.raises(CheckpointError, match=r"^this file cannot be loaded: "):
            loaded(OLD[:end])


def test_a_flipped_bit_is_an_error_or_another_value():
    dice = np.random.default_rng(0)
    refused = 0
    for place in range(len(OLD)):
        changed = bytearray(OLD)
        changed[place] ^= 1 << dice.integers(8)
        try:
            loaded(bytes(changed))
        except CheckpointError:
            refused += 1
    assert refused > len(OLD) / 3  # the format has no checksum for the others


def test_a_claim_beyond_the_file_is_refused_before_memory_is_taken():
    place = OLD.index(b"K\x06Ntq")  # the 6 values of a storage
    huge = OLD[:place] + b"J\xff\xff\xff\x7f" + OLD[place + 2 :]
    with pytest.raises(CheckpointError, match="has fewer bytes than 2147483647 values of float32"):
        loaded(huge)


def test_an_old_file_is_not_written():
    with pytest.raises(ValueError, match="zip format"):
        torch.save({}, io.BytesIO(), _use_new_zipfile_serialization=False)


@pytest.mark.parity
def test_every_dtype_comes_out_of_an_old_file(pytorch):
    for name in (
        "float32",
        "float64",
        "float16",
        "int64",
        "int32",
        "int16",
        "int8",
        "uint8",
        "bool",
        "bfloat16",
    ):
        file, x = io.BytesIO(), pytorch.tensor([[0.0, 1.0, 2.0]]).to(getattr(pytorch, name))
        pytorch.save([x, x[0, 1:], x.expand(3, 3)], file, _use_new_zipfile_serialization=False)
        for mine, theirs in zip(loaded(file.getvalue()), (x, x[0, 1:], x.expand(3, 3)), strict=True):
            assert mine.tolist() == theirs.tolist()
