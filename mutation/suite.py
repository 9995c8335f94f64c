"""The tests that one mutant has to face: `python mutation/suite.py`, in a copy of the repository.

The copy's `minigrad/` has one line changed, its `.right/minigrad/` is as it was. First come the properties
of the ops in which that line has a say (or the laws of the engine), without pytest: most mutants fall in
half a second. What is left runs through the suite. The exit status is 0 for a mutant that survives.
"""

import os
import sys
import time
import warnings
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["HYPOTHESIS_PROFILE"] = "ci"  # derandomised: the same mutant meets the same tests
HERE = Path.cwd()
sys.path[:0] = [str(HERE), str(Path(__file__).parent)]

from affected import ops_of_line  # noqa: E402

SAMPLES = 25
# All but what is slow and far away from rules and engine. Parity needs PyTorch.
LEFT_OUT = ["viz", "examples", "checkpoint", "utils", "optim", "testing", "parity", "property"]
ENGINE_PROPERTIES = ["tests/property/test_graph_machine.py", "tests/property/test_programs.py"]


def changed() -> tuple[Path, int] | None:
    """The file and line that differ from the right ones."""
    for right in sorted((HERE / ".right").rglob("*.py")):
        here = HERE / right.relative_to(HERE / ".right")
        a, b = (p.read_text(encoding="utf-8").splitlines() for p in (right, here))
        for number, (wanted, found) in enumerate(zip(a, b, strict=False), start=1):
            if wanted != found:
                return right, number
    return None


def properties_fail(ops: list[str]) -> str:
    """What finds one of the ops out; "" if nothing does."""
    from minigrad._op import REGISTRY
    from minigrad.testing.mutants import Mutant, killer

    for name in ops:
        if found := killer(Mutant(REGISTRY[name], "", "", ""), SAMPLES):
            return f"{name}: {found}"
    return ""


def laws_fail() -> str:
    from minigrad.testing.engine_faults import first_broken_law

    return first_broken_law(SAMPLES)


def main() -> int:
    start = time.perf_counter()
    place = changed()
    of_engine = place is not None and place[0].parent.name != "ops"
    ops = ops_of_line(*place) if place and not of_engine else []
    warnings.simplefilter("ignore")
    try:
        found = laws_fail() if of_engine else properties_fail(ops)
    except Exception as error:  # it does not even import
        found = f"{type(error).__name__}: {error}"
    warnings.resetwarnings()
    sys.stdout.write(
        f"{place and place[1]} {ops} {time.perf_counter() - start:.1f} s: {found or 'goes on'}\n"
    )
    if found:
        return 1
    import pytest

    near = [f"tests/property/test_ops.py::{test}[{op}]" for op in ops for test in tests_of(op)]
    rest = [str(p) for p in sorted(Path("tests").iterdir()) if p.name.startswith("test_")]
    rest += [str(p) for p in sorted(Path("tests").iterdir()) if p.is_dir() and p.name not in LEFT_OUT]
    chosen = [*near, "tests/property/test_kinks.py", *(ENGINE_PROPERTIES if of_engine else ()), *rest]
    return int(
        pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-m", "not parity", "--no-header", *chosen])
    )


def tests_of(op: str) -> list[str]:
    from minigrad._op import REGISTRY

    if not REGISTRY[op].rules:
        return ["test_without_a_rule_nothing_requires_grad"]
    return [
        "test_gradients_are_derivatives_of_orders_one_and_two",
        "test_rules_alone_keep_shape_and_dtype_and_are_linear",
    ]


if __name__ == "__main__":
    sys.exit(main())
