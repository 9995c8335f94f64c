"""Optimizer: groups of parameters, what an optimiser remembers of each, and the step over all of them.

An optimiser is one method, `_rule`, which reads like the published algorithm, as a list of calls that work on
raw arrays in place. One loop in C makes the calls of a step and counts that they are made, so that no
interrupt is seen in between. A step that is interrupted (by Ctrl-C, or where memory runs out) has written
nothing, or what is left of it is done before the error goes on.
"""

from __future__ import annotations

import warnings
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from functools import partial
from itertools import starmap
from operator import call, setitem
from types import MethodType
from typing import Any

import numpy as np

from minigrad._tensor.handle import RemovableHandle
from minigrad._tensor.tensor import Tensor, quietly, stamp, with_gradient
from minigrad.autograd import enable_grad
from minigrad.creation import from_numpy, tensor
from minigrad.nn.module import clear_grads

PIECE = 32768  # elements; a few arrays of them fit into 1 MiB
add, subtract, multiply, divide = np.add, np.subtract, np.multiply, np.divide
Array = np.ndarray[Any, np.dtype[Any]]  # what numpy.typing.NDArray[Any] is, without the import
# Functions, each with its arguments: a tuple is made and called in three quarters of a partial's time.
Calls = list[tuple[Any, ...]]
# Makes the calls for a piece: of a parameter, of its gradient, which is not written, and of what is kept.
Update = Callable[..., Calls]
# For each parameter: its array, the gradient's, its state, the names of what is kept there, and its group.
Work = list[tuple[Array, Array, dict[str, Any], tuple[str, ...], dict[str, Any]]]


class Begun(dict[str, Any]):
    """A state that is made for the step that runs now, and the one in whose place it is."""

    before: dict[str, Any] | None = None


class Optimizer:
    """Base class of the optimisers.

    Arguments:
        params: tensors, (name, tensor) pairs, or dicts with the key "params" and options of that group.
        defaults: the options of a group that does not set its own.

    A subclass defines `_update`, which writes in place, or, as in PyTorch, its own `step`.

    Raises:
        TypeError: when something else than tensors is given.
        ValueError: for no parameters, a tensor that is not a leaf, or one that is in two groups.

    >>> import numpy as np, minigrad as torch
    >>> class Sign(torch.optim.Optimizer):
    ...     def _update(self, param, grad, state, group):
    ...         param -= group["lr"] * np.sign(grad)
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> (5 * w).sum().backward()
    >>> Sign([w], {"lr": 0.25}).step()
    >>> w
    tensor([0.7500], requires_grad=True)
    """

    # Options of PyTorch's that change what a step is. (foreach and fused only choose a kernel.)
    _refused = ("differentiable", "capturable")
    # State of the shape of its parameter: checked when a state dict is loaded.
    _shaped: tuple[str, ...] = ()
    # True if the state counts the steps of a parameter.
    _counts = False
    # State of one number per parameter: `_rule` is given them, `_next` says those of the next step.
    _single: tuple[str, ...] = ()

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "an optimiser takes a list of tensors or of dicts, not one tensor: write [tensor]"
            )
        if not isinstance(params, Iterable):
            raise TypeError(
                f"an optimiser takes a list of tensors or of dicts, not a {type(params).__name__}"
                + (": write .parameters() after it" if hasattr(params, "parameters") else "")
            )
        for option in self._refused:
            if defaults.get(option):
                raise NotImplementedError(f"minigrad's optimisers have no {option}=True")
        self.defaults = defaults
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._scratch: dict[str, list[Array]] = {}
        self._rooms: dict[tuple[str, tuple[int, ...]], tuple[Array, Array, Array]] = {}
        self._before: dict[int, Any] = {}  # hooks
        self._after: dict[int, Any] = {}
        self._steps = 0
        self._warned = False
        given = list(params)
        if not given:
            raise ValueError("the optimiser was given no parameters; was model.parameters() used up before?")
        for group in given if isinstance(given[0], dict) else ({"params": given},):
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with options of their own.

        Arguments:
            param_group: a dict with the key "params" (tensors, or (name, tensor) pairs) and options.
                Options that are left out are the optimiser's defaults.

        Raises:
            TypeError: for anything but tensors in a dict.
            ValueError: for a tensor that is no leaf, or is in a group already; for an impossible option.

        >>> import minigrad as torch
        >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
        >>> optimizer.add_param_group({"params": [torch.ones(2, requires_grad=True)], "lr": 0.1})
        >>> [group["lr"] for group in optimizer.param_groups]
        [1.0, 0.1]
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"a parameter group is a dict, not {type(param_group).__name__}")
        group = dict(param_group)
        params = group["params"]
        if isinstance(params, set | frozenset):
            raise TypeError("parameters need an order that is the same in every run: a list, not a set")
        members = [params] if isinstance(params, Tensor) else list(params)
        if members and all(isinstance(member, tuple) for member in members):
            group["param_names"] = [name for name, _ in members]
            members = [member for _, member in members]
        taken = {id(p) for other in self.param_groups for p in other["params"]}
        for member in members:
            if not isinstance(member, Tensor):
                raise TypeError(f"an optimiser trains tensors, not {type(member).__name__}")
            if not member.is_leaf:
                raise ValueError(
                    f"an optimiser trains leaves, not the output of an op (shape {tuple(member.shape)}); "
                    f"detach() it and let it require a gradient"
                )
            if id(member) in taken:
                raise ValueError(
                    f"a parameter of shape {tuple(member.shape)} is in two groups of the optimiser"
                )
        if len({id(member) for member in members}) < len(members):
            warnings.warn(
                "a parameter is twice in one group of the optimiser, and will be updated twice in every step",
                UserWarning,
                stacklevel=3,
            )
        for option, value in self.defaults.items():
            group.setdefault(option, value)
        group["params"] = members
        self._check(group)
        self.param_groups.append(group)

    def _check(self, group: dict[str, Any]) -> None:
        """Raise ValueError for an option out of its range."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros.

        Arguments:
            set_to_none: whether `.grad` becomes None; else it is filled with zeros.

        >>> import minigrad as torch
        >>> w = torch.ones(1, requires_grad=True)
        >>> (3 * w).backward()
        >>> torch.optim.SGD([w], lr=0.1).zero_grad()
        >>> w.grad is None
        True
        """
        for group in self.param_groups:
            clear_grads(group["params"], set_to_none)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient, in place; returns what the closure returned.

        The closure, if given, is called first, recording: it computes the loss and calls backward. When
        no parameter at all has a gradient this warns, once.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        idle = not quietly(self._step)  # an overflow is inf and 0/0 is nan, as in PyTorch, without a word
        self._steps += 1
        if idle and not self._warned:
            self._warned = True
            warnings.warn(
                f"{type(self).__name__}.step() changed nothing: no parameter has a gradient. Either "
                f"backward() was not called since the gradients were cleared, or the optimiser holds other "
                f"parameter objects than the loss was computed from",
                UserWarning,
                stacklevel=2,
            )
        return loss

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Have a function called before each step.

        Arguments:
            hook: of (optimizer, args, kwargs); it returns None, or the (args, kwargs) to step with. The first
                of args is the optimiser.

        Returns:
            A handle whose `remove()` takes the hook off.

        >>> import minigrad as torch
        >>> w = torch.ones(1, requires_grad=True)
        >>> optimizer = torch.optim.SGD([w], lr=0.1)
        >>> with optimizer.register_step_pre_hook(lambda optimizer, args, kwargs: print("before")):
        ...     w.sum().backward()
        ...     optimizer.step()
        before
        """
        return self._register(self._before, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Have a function called after each step.

        Arguments:
            hook: of (optimizer, args, kwargs); what it returns is not used.

        Returns:
            A handle whose `remove()` takes the hook off.

        >>> import minigrad as torch
        >>> w = torch.ones(1, requires_grad=True)
        >>> optimizer = torch.optim.SGD([w], lr=0.5)
        >>> with optimizer.register_step_post_hook(lambda optimizer, args, kwargs: print(w.item())):
        ...     w.sum().backward()
        ...     optimizer.step()
        0.5
        """
        return self._register(self._after, hook)

    def _register(self, hooks: dict[int, Any], hook: Callable[..., Any]) -> RemovableHandle:
        handle = RemovableHandle(hooks, hook)
        vars(self)["step"] = MethodType(_step_with_hooks, self)  # an optimiser without hooks never asks
        return handle

    def _step(self) -> bool:
        """Update the parameters that have a gradient, all or none; returns whether there are any."""
        if type(self)._update is not Optimizer._update:
            return self._step_in_place()
        work: Work = []
        ready: list[tuple[Tensor, Array]] = []
        done, fresh = np.zeros((), np.int64), False  # pieces updated; whether a state was made
        try:
            for group in self.param_groups:
                names = self._kept(group)
                found = with_gradient(group["params"])
                ready += found
                for parameter, grad in found:
                    state = self._state_of(parameter, names, group)
                    fresh = fresh or type(state) is Begun
                    work.append((parameter._array, grad, state, names, group))
            if fresh:
                self._keep(ready, work)
            self._run(work, done)
        except BaseException:
            if done:
                self._run(work, done)
            else:
                self._forget(ready, work)
            raise
        finally:
            if done:
                stamp(ready)
        return bool(work)

    def _step_in_place(self) -> bool:
        """The step of a subclass that has an `_update` of its own."""
        ready = [(*pair, group) for group in self.param_groups for pair in with_gradient(group["params"])]
        written = []
        try:
            for parameter, grad, group in ready:
                names = self._kept(group)
                state = self._state_of(parameter, names, group) if names else self.state[parameter]
                if type(state) is Begun:
                    self.state[parameter] = dict(state)
                written.append((parameter, grad))
                self._update(parameter._array, -grad if group.get("maximize") else grad, state, group)
        finally:
            stamp(written)
        return bool(ready)

    def _state_of(self, parameter: Tensor, names: tuple[str, ...], group: dict[str, Any]) -> dict[str, Any]:
        """The state of a parameter; what is missing has its value from before the first step."""
        state = self.state.get(parameter)
        for name in names:
            if state is None or state.get(name) is None:
                begun = Begun({"step": new_counter()} if self._counts else {})
                begun.before = state
                for single in self._single:
                    begun[single] = tensor(self._first(single, group), dtype=np.float32)
                begun.update(state or {})
                for missing in names:
                    if begun.get(missing) is None:
                        begun[missing] = like(parameter._array, self._first(missing, group))
                return begun
        return {} if state is None else state

    def _keep(self, ready: list[tuple[Tensor, Array]], work: Work) -> None:
        """Put the states that `_state_of` made into the optimiser's."""
        for (parameter, _), (_, _, state, _, _) in zip(ready, work, strict=True):
            if type(state) is Begun:
                self.state[parameter] = dict(state)

    def _forget(self, ready: list[tuple[Tensor, Array]], work: Work) -> None:
        """Undo `_keep`, or the part of it that was done."""
        for (parameter, _), (_, _, state, _, _) in zip(ready, work, strict=False):
            if type(state) is Begun:
                if state.before is None:
                    self.state.pop(parameter, None)
                else:
                    self.state[parameter] = state.before

    def _run(self, work: Work, done: Array) -> None:
        """Update the pieces that are not updated yet."""
        before, number = int(done), 0
        calls: Calls = []
        updates: dict[Any, Update] = {}  # one for all parameters of a group, of a dtype, at a step
        counts, counter, t = self._counts, done, 0
        singles = self._single
        for param, grad, state, names, group in work:
            if counts:
                counter = state["step"]._array
                t = int(counter) + 1
            elif names:
                t = 1 if type(state) is Begun else 2
            held = [state[name]._array for name in singles]
            numbers = [float(value) for value in held]
            key = id(group), t, param.dtype, *numbers
            update = updates.get(key)
            if update is None:
                update = updates[key] = self._rule(t, group, param.dtype, *numbers)
            parts = pieces(param, grad, *[state[name]._array for name in names])
            for part in parts:
                number += 1
                if number > before:
                    calls += update(*part)
                    if counts and part is parts[-1]:
                        calls.append((setitem, counter, (), t))
                    if held and part is parts[-1]:
                        following = self._next(t, group, *numbers)
                        calls += [(setitem, one, (), new) for one, new in zip(held, following, strict=True)]
                    calls.append((setitem, done, (), number))
        deque(starmap(call, calls), 0)

    def _kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        """The names of a parameter's state with these options, in the order that `_rule` takes."""
        return ()

    def _first(self, name: str, group: dict[str, Any]) -> float:
        """A state's value before the first step."""
        return 0.0

    def _next(self, t: int, group: dict[str, Any], *numbers: float) -> Sequence[float]:
        """The numbers of `_single` for the next step."""
        return numbers

    def _rule(self, t: int, group: dict[str, Any], dtype: np.dtype[Any], *numbers: float) -> Update:
        """A function of p, g and what is kept: the calls that update a piece. g is not written.

        It is asked for once for all parameters of a group, with the options as they are in this step. t is
        the number of the step; where steps are not counted, 1 in the first. `numbers` are those of `_single`.
        """
        raise NotImplementedError(f"{type(self).__name__} must define _update() or step()")

    def _update(self, param: Array, grad: Array, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Write the new values into `param`; `grad` is the user's and must not be written."""
        work: Work = [(param, grad, state, self._kept(group), {**group, "maximize": False})]
        self._run(work, np.zeros((), np.int64))

    def _room(self, like: Array) -> tuple[Array, Array, Array]:
        """Memory for three intermediate results in an array's shape; the third is float32 beside float16."""
        char, shape, size = like.dtype.char, like.shape, like.size
        room = self._rooms.get((char, shape))
        if room is None:
            known = self._scratch.get(char)
            if known is None or len(known[0]) < size:
                dtypes = (like.dtype, like.dtype, np.dtype("f4") if char == "e" else like.dtype)
                known = self._scratch[char] = [np.empty(size, dtype) for dtype in dtypes]
                self._rooms = {key: other for key, other in self._rooms.items() if key[0] != char}
            one, two, wide = (memory[:size].reshape(shape) for memory in known)
            room = self._rooms[char, shape] = one, two, wide
        return room

    def _slope(self, group: dict[str, Any], dtype: np.dtype[Any]) -> Callable[..., Array]:
        """The gradient to descend: turned for `maximize`, and that of weight_decay/2 · |p|² added.

        A function of (calls, p, g, out, scratch), which adds calls and returns the array that will hold it.
        """
        turned, decay = group["maximize"], float(group.get("weight_decay", 0))
        decayed = decay != 0 and not group.get("decoupled_weight_decay")
        factor = multiple_of(decay, dtype)

        def slope(calls: Calls, p: Array, g: Array, out: Array, scratch: Array) -> Array:
            if turned:
                calls.append((np.negative, g, out))
                g = out
            if decayed:
                calls += add_multiple(g, factor, p, scratch, out)
                g = out
            return g

        return slope

    def state_dict(self) -> dict[str, Any]:
        """The state to save: "state" by the parameters' positions, where there is any, and "param_groups".

        >>> import minigrad as torch
        >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.1)
        >>> saved = optimizer.state_dict()
        >>> saved["param_groups"][0]["lr"], saved["param_groups"][0]["params"]
        (0.1, [0])
        """
        position: dict[int, int] = {}
        for index, parameter in enumerate(self._parameters()):
            position.setdefault(id(parameter), index)
        groups = []
        for group in self.param_groups:
            packed = {option: value for option, value in group.items() if option != "params"}
            packed["params"] = [position[id(p)] for p in group["params"]]
            groups.append(packed)
        state = {position[id(p)]: values for p, values in self.state.items() if values and id(p) in position}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a saved state; the steps that follow are those that would have followed there.

        Parameters are matched by position. Values are copied, in the dtype of their parameter.

        Arguments:
            state_dict: from `state_dict()` of an optimiser of the same kind with the same groups.

        Raises:
            ValueError: when groups, their sizes or the shapes differ; the optimiser is then unchanged.

        >>> import minigrad as torch
        >>> w = torch.ones(1, requires_grad=True)
        >>> saved = torch.optim.SGD([w], lr=0.1).state_dict()
        >>> optimizer = torch.optim.SGD([w], lr=1.0)
        >>> optimizer.load_state_dict(saved)
        >>> optimizer.param_groups[0]["lr"]
        0.1
        """
        saved_groups = deepcopy(list(state_dict["param_groups"]))
        ours, theirs = ([len(g["params"]) for g in groups] for groups in (self.param_groups, saved_groups))
        if ours != theirs:
            raise ValueError(
                f"this state is of another optimiser: its groups have {theirs} parameters, "
                f"the groups here {ours}"
            )
        parameters = dict(
            zip((key for group in saved_groups for key in group["params"]), self._parameters(), strict=True)
        )
        state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        for key, values in state_dict["state"].items():
            if key not in parameters:
                raise ValueError(f"the state has an entry {key!r} that is no parameter's position")
            state[parameters[key]] = self._adopt(parameters[key], key, values)
        for group, saved in zip(self.param_groups, saved_groups, strict=True):
            saved["params"] = group["params"]
            if "param_names" in group:
                saved["param_names"] = group["param_names"]
            for option, value in group.items():
                saved.setdefault(option, value)
            self._check(saved)
        self.state = state
        self.param_groups = saved_groups

    def _adopt(self, parameter: Tensor, key: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        adopted: dict[str, Any] = {}
        for name, value in values.items():
            if not isinstance(value, Tensor):
                counted = name == "step" and self._counts
                adopted[name] = tensor(float(value), dtype=np.float32) if counted else deepcopy(value)
                continue
            if name in self._shaped and value.shape != parameter.shape:
                raise ValueError(
                    f"{name} of parameter {key} has shape {tuple(value.shape)} in the state, "
                    f"its parameter {tuple(parameter.shape)}"
                )
            fits = name == "step" or parameter.dtype.kind != "f"
            adopted[name] = value.detach().clone() if fits else value.detach().to(parameter.dtype, copy=True)
        return adopted

    def _parameters(self) -> Iterable[Tensor]:
        return (p for group in self.param_groups for p in group["params"])

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: value for name, value in vars(self).items() if name != "step"}
        return {**kept, "_scratch": {}, "_rooms": {}, "_before": {}, "_after": {}}

    def __repr__(self) -> str:
        groups = []
        for number, group in enumerate(self.param_groups):
            options = [f"    {option}: {group[option]}\n" for option in sorted(group) if option != "params"]
            groups.append(f"Parameter Group {number}\n{''.join(options)}")
        listed = "\n".join(groups)
        return f"{type(self).__name__} (\n{listed})"


def _step_with_hooks(optimizer: Optimizer, *arguments: Any, **kwargs: Any) -> Any:
    """The step of an optimiser that has hooks."""
    args: tuple[Any, ...] = (optimizer, *arguments)
    for hook in tuple(optimizer._before.values()):
        changed = hook(optimizer, args, kwargs)
        if changed is not None:
            if not isinstance(changed, tuple) or len(changed) != 2:
                raise RuntimeError(f"a step pre-hook returns None or (args, kwargs), not {changed!r}")
            args, kwargs = changed
    result = type(optimizer).step(*args, **kwargs)
    for hook in tuple(optimizer._after.values()):
        hook(optimizer, args, kwargs)
    return result


def pieces(*arrays: Array) -> Sequence[tuple[Array, ...]]:
    """Arrays of one shape, cut into flat pieces that stay in a core's cache between one line and the next.

    An update that passes over a large parameter once for every line of its formula takes half as long again.
    An array that is small, or does not lie in memory in one row, comes as it is.
    """
    size = arrays[0].size
    if size <= PIECE or not all(array.flags.c_contiguous for array in arrays):
        return (arrays,)
    starts = range(0, size, PIECE)
    flat = [array.reshape(-1) for array in arrays]
    return [tuple(array[start : start + PIECE] for array in flat) for start in starts]


def like(param: Array, value: float = 0.0) -> Tensor:
    """A tensor of an array's shape and dtype, for the state."""
    return from_numpy(np.full(param.shape, value, param.dtype))


def number(value: float, dtype: np.dtype[Any]) -> Array:
    """A number beside arrays of a dtype: as a 0-d array it takes half of the time of a Python number."""
    return np.asarray(value, dtype)


def factor_of(value: float, dtype: np.dtype[Any]) -> Array:
    """A factor of arrays: float32 beside float16, so that products are formed in it, as in PyTorch."""
    return np.asarray(value, np.float32 if dtype.char == "e" else dtype)


def multiple_of(value: float, dtype: np.dtype[Any]) -> Array:
    """A factor for `add_multiple`, which PyTorch rounds to the dtype first, float16 too."""
    return factor_of(float(dtype.type(value)), dtype)


def lerp(weight: float, dtype: np.dtype[Any]) -> Callable[[Array, Array, Array], Calls]:
    """A function of (start, end, scratch): start += weight·(end - start).

    It is formed from the nearer end, so that weight 1 gives `end` itself.
    """
    near = weight < 0.5
    part = factor_of(weight if near else 1 - weight, dtype)
    difference = partial(subtract, dtype=np.float32) if dtype.char == "e" else subtract

    def calls(start: Array, end: Array, scratch: Array) -> Calls:
        return [
            (difference, end, start, scratch),
            (multiply, scratch, part, scratch),
            (add, start, scratch, start) if near else (subtract, end, scratch, start),
        ]

    return calls


def add_multiple(total: Array, value: Array, a: Array, scratch: Array, out: Array) -> Calls:
    """out = total + value·a."""
    return [(multiply, a, value, scratch), (add, total, scratch, out)]


def add_product(total: Array, value: Array, a: Array, b: Array, scratch: Array, out: Array) -> Calls:
    """out = total + value·a·b, formed from the left: value·a² may be finite where a² is not."""
    return [(multiply, a, value, scratch), (multiply, scratch, b, scratch), (add, total, scratch, out)]


def add_quotient(total: Array, value: Array, a: Array, b: Array, scratch: Array) -> Calls:
    """total += value·a/b, formed from the left."""
    return [(multiply, a, value, scratch), (divide, scratch, b, scratch), (add, total, scratch, total)]


def new_counter() -> Tensor:
    """Steps counted so far: none. A float32 tensor, as in PyTorch's state dicts."""
    return tensor(0.0, dtype=np.float32)


def require(group: Mapping[str, Any], **lower: float) -> None:
    """Raise ValueError when a named option is below its bound or not a number.

    The bound itself is allowed.
    """
    for option, bound in lower.items():
        value = group[option]
        if isinstance(value, Tensor):
            raise TypeError(f"{option} must be a number, not a tensor: write {option}=value.item()")
        if not value >= bound:
            raise ValueError(f"{option} must be at least {bound}, not {value}")
