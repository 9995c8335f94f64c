"""The step of an optimiser: each parameter that has a gradient is updated, all or none.

An optimiser is one method, `_rule`, which reads like the published algorithm, as a list of calls that work on
raw arrays in place. One loop in C makes the calls of a step and counts that they are made, so that no
interrupt is seen in between. A step that is interrupted (by Ctrl-C, or where memory runs out) has written
nothing, or what is left of it is done before the error goes on.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from itertools import starmap
from operator import call, setitem
from typing import Any

import numpy as np

from minigrad._tensor.tensor import Tensor, stamp, with_gradient
from minigrad.creation import from_numpy, tensor
from minigrad.optim.calls import Array, Calls, Update, add_multiple, multiple_of, pieces

# For each parameter: its array, the gradient's, its state, the names of what is kept there, and its group.
Work = list[tuple[Array, Array, dict[str, Any], tuple[str, ...], dict[str, Any]]]


class Begun(dict[str, Any]):
    """A state that is made for the present step; `before` is the state that it replaces."""

    before: dict[str, Any] | None = None


class Stepping:
    """The part of an Optimizer that computes: it knows the groups and the states, and writes parameters."""

    # True if the state counts the steps of a parameter.
    _counts = False
    # State of one number per parameter: `_rule` is given them, `_next` says those of the next step.
    _single: tuple[str, ...] = ()
    param_groups: list[dict[str, Any]]
    state: defaultdict[Tensor, dict[str, Any]]
    _scratch: dict[str, list[Array]]
    _rooms: dict[tuple[str, tuple[int, ...]], tuple[Array, Array, Array]]

    def _step(self) -> bool:
        """Update the parameters that have a gradient, all or none; returns whether there are any."""
        if type(self)._update is not Stepping._update:
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


def like(param: Array, value: float = 0.0) -> Tensor:
    """A tensor of an array's shape and dtype, for the state."""
    return from_numpy(np.full(param.shape, value, param.dtype))


def new_counter() -> Tensor:
    """Steps counted so far: none. A float32 tensor, as in PyTorch's state dicts."""
    return tensor(0.0, dtype=np.float32)
