import contextlib
import io

import pytest

pytest.importorskip("hypothesis")
import check_my_op

from minigrad.testing import GradientError


@pytest.fixture(scope="module")
def told():
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert check_my_op.main() == 0
    return out.getvalue()


def test_the_mistake_is_missed_by_numbers_and_found_shrunk_and_explained(told):
    assert "The test with numbers: passes" in told
    assert "of shape (2, 1)" in told and "terms too many" in told and "a mean of too many entries?" in told
    assert told.endswith("both pass.\n")


def test_the_snippet_that_it_prints_fails_as_it_says(told):
    after = told.partition("To see it again:\n\n")[2]
    snippet = "\n".join(line[4:] for line in after.splitlines() if line.startswith("    "))
    assert "x0 = torch.tensor([[1.0], [1.0]], dtype=torch.float64)" in snippet
    with pytest.raises(GradientError, match="terms too many"):
        exec(snippet, {})
