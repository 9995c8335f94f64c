import re

import maml
import numpy as np
import pytest

import minigrad

plt = pytest.importorskip("matplotlib.pyplot")


def learned_with(library, *options):
    small = ["--steps", "20", "--tasks", "4", "--shots", "5", "--hidden", "8"]
    args = maml.make_parser().parse_args([*small, *options])
    return maml.learn(library, maml.make_weights(library, args), args)


def test_it_learns_to_come_nearer_in_two_steps_and_leaves_its_picture(tmp_path, capsys):
    assert maml.main(["--steps", "300", "--out", str(tmp_path / "out")]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    found = re.fullmatch(r"error on new curves: (\d+\.\d{3}) before, (\d+\.\d{3}) after 2 steps", last)
    before, after = map(float, found.groups())
    assert after < 0.7 * before
    assert plt.imread(tmp_path / "out" / "maml.png").ndim == 3
    assert not plt.get_fignums()


def test_the_gradient_goes_through_the_steps():
    args = maml.make_parser().parse_args(["--hidden", "3"])
    weights = [w.detach().double().requires_grad_() for w in maml.make_weights(minigrad, args)]
    tasks = maml.draw_tasks(np.random.default_rng(0), 2, 4)
    x, y, other_x, other_y = (minigrad.from_numpy(array).double() for array in tasks)

    def after(*given):
        own = maml.adapt(minigrad, given, x, y, 0.02, 2)
        return ((maml.run(minigrad, own, other_x) - other_y) ** 2).mean()

    assert minigrad.autograd.gradcheck(after, tuple(weights))


def test_each_task_takes_the_steps_that_it_would_take_alone():
    args = maml.make_parser().parse_args(["--hidden", "3"])
    weights = maml.make_weights(minigrad, args)
    tasks = maml.draw_tasks(np.random.default_rng(0), 3, 4)
    together = maml.adapt_on(minigrad, weights, tasks, args)
    alone = maml.adapt_on(minigrad, weights, maml.Tasks(*(array[1:2] for array in tasks)), args)
    for one, all_three in zip(alone, together, strict=True):
        np.testing.assert_allclose(one[0], all_three[1], rtol=1e-4, atol=1e-5)


def test_the_same_seed_gives_the_same_curve():
    assert learned_with(minigrad) == learned_with(minigrad)
    assert learned_with(minigrad) != learned_with(minigrad, "--seed", "1")


def test_a_library_that_is_missing_is_told(tmp_path, capsys, monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr("importlib.import_module", missing)
    assert maml.main(["--torch", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "maml.py: No module named 'torch'\n"
    with pytest.raises(SystemExit):
        maml.main(["--steps", "0"])


@pytest.mark.parity
def test_pytorch_goes_the_same_way_from_the_same_weights(pytorch):
    np.testing.assert_allclose(learned_with(minigrad), learned_with(pytorch), rtol=1e-3)
