"""Mixed precision is off where there is no device for it; a scaler of losses works on the CPU."""

import numpy as np
import pytest

import minigrad as torch


def test_autocast_of_a_device_that_is_not_there_is_off_with_a_warning():
    for make in (lambda: torch.amp.autocast("cuda"), torch.cuda.amp.autocast, lambda: torch.autocast("cuda")):
        with pytest.warns(UserWarning, match="CUDA is not available. Disabling"):
            context = make()
        with context:
            assert (torch.ones(2) @ torch.ones(2)).dtype == torch.float32
    with torch.amp.autocast("cpu", enabled=False), torch.cuda.amp.autocast(enabled=False):
        pass

    @torch.amp.autocast("cuda", enabled=False)
    def double(x):
        return x * 2

    assert double(torch.ones(1)).item() == 2 and double.__name__ == "double"
    with pytest.raises(RuntimeError, match="bfloat16, which NumPy does not have"):
        torch.amp.autocast("cpu")
    with pytest.raises(ValueError, match="Expected `device_type`"):
        torch.amp.autocast(torch.float16)
    assert not torch.is_autocast_enabled() and not torch.amp.is_autocast_available("cuda")


def test_a_scaler_that_is_off_changes_nothing():
    with pytest.warns(UserWarning, match="CUDA is not available"):
        scaler = torch.cuda.amp.GradScaler()
    w = torch.ones(2, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.5)
    loss = (w * w).sum()
    assert scaler.scale(loss) is loss and not scaler.is_enabled() and scaler.state_dict() == {}
    loss.backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert w.tolist() == [0, 0]


def test_a_scaler_leaves_out_a_step_that_is_not_finite():
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=2)
    w = torch.ones(2, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.25)
    seen = []
    for factor in (1.0, float("inf"), 1.0, 1.0):
        optimizer.zero_grad()
        scaler.scale([(w * w).sum() * factor])[0].backward()
        scaler.unscale_(optimizer)
        with pytest.raises(RuntimeError, match="already been called"):
            scaler.unscale_(optimizer)
        scaler.step(optimizer)
        with pytest.raises(RuntimeError, match="already been called"):
            scaler.step(optimizer)
        scaler.update()
        seen.append((w.tolist()[0], scaler.get_scale()))
    assert seen == [(0.5, 4.0), (0.5, 2.0), (0.25, 2.0), (0.125, 4.0)]
    other = torch.amp.GradScaler("cpu")
    other.load_state_dict(scaler.state_dict())
    assert other.state_dict() == scaler.state_dict()
    with pytest.raises(RuntimeError, match="empty"):
        other.load_state_dict({})
    with pytest.raises(AssertionError, match="No inf checks"):
        other.update()
    other.update(8.0)
    assert other.get_scale() == 8.0
    with pytest.raises(RuntimeError, match=r"[Cc]losure"):
        other.step(optimizer, closure=lambda: 1)


@pytest.mark.parity
def test_a_scaler_goes_pytorchs_way(pytorch):
    seen = []
    for lib in (torch, pytorch):
        scaler = lib.amp.GradScaler("cpu", init_scale=4.0, growth_interval=2)
        w = lib.ones(2, requires_grad=True)
        optimizer, told = lib.optim.SGD([w], lr=0.25), []
        for factor in (1.0, float("inf"), 1.0, 1.0, 2.0, float("nan"), 1.0):
            optimizer.zero_grad()
            scaler.scale((w * w).sum() * factor).backward()
            scaler.step(optimizer)
            scaler.update()
            told.append((w.tolist(), scaler.get_scale()))
        seen.append((told, scaler.state_dict()))
    np.testing.assert_equal(seen[0], seen[1])


@pytest.mark.parametrize("name", ["mps", "xpu"])
def test_devices_that_are_not_there_answer(name):
    module = getattr(torch, name)
    assert not module.is_available() and module.device_count() == 0 and module.manual_seed(1) is None
    with pytest.raises(RuntimeError, match="use device="):
        module.synchronize()
    assert torch.cpu.is_available() and torch.cpu.synchronize() is None
    assert torch.cuda.memory_stats() == {} and torch.cuda.get_arch_list() == []
    with pytest.raises(RuntimeError, match="use device="):
        torch.accelerator.memory_allocated()


def test_settings_are_kept():
    torch.use_deterministic_algorithms(True, warn_only=True)
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(False)
    assert not torch.is_deterministic_algorithms_warn_only_enabled()
    with pytest.raises(RuntimeError, match="no precision"):
        torch.set_float32_matmul_precision("low")
    torch.set_default_tensor_type(torch.DoubleTensor)
    try:
        assert torch.zeros(1).dtype == torch.float64
    finally:
        torch.set_default_tensor_type("torch.FloatTensor")
    for wrong in (torch.LongTensor, "torch.cuda.FloatTensor", 3, "torch.IntTensor"):
        with pytest.raises(TypeError):
            torch.set_default_tensor_type(wrong)
    assert torch.typename(torch.ones(1).long()) == "torch.LongTensor" and torch.typename([]) == "list"
    assert torch.newaxis is None and torch.get_device(torch.ones(1)) == -1
