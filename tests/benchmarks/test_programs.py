import json
from pathlib import Path

import bench
import breakdown
import child
import profile_step
import pytest
import report
from work import WORK

import minigrad


def test_a_short_run_writes_its_result_and_says_what_is_missed(tmp_path, capsys):
    options = ["--quick", "--only", "mlp-2", "--rounds", "2", "--no-peers", "--out", str(tmp_path)]
    assert bench.main(options) == 0
    record = report.load(tmp_path)["mlp-2"]
    assert record["contenders"]["minigrad"]["ratio"] == 1
    assert record["contenders"]["numpy"]["rounds"] == 2
    assert record["machine"]["versions"]["numpy"]
    said = capsys.readouterr().out
    assert "mlp-2: MLP 2-16-16-2, batch 32 (median of rounds, threads: 1)" in said
    assert "not measured" in said  # the other parts


@pytest.mark.parametrize(
    ("found", "keys"),
    [
        (lambda: child.million(minigrad, 3000), {"build", "backward", "free", "seconds", "peak", "grown"}),
        (lambda: child.growth(minigrad, 1000, turns=1, least=1), {"sizes", "per_op"}),
        (lambda: child.deep(minigrad, batch=4, width=8, layers=2), {"seconds", "peak", "grown"}),
    ],
)
def test_what_children_measure_runs_on_small_sizes(found, keys):
    assert set(found()) == keys


def test_a_child_prints_one_line_of_json(capsys):
    child.main(["import", "json"])
    assert json.loads(capsys.readouterr().out)["seconds"] >= 0


def test_the_parts_of_a_step_add_up():
    found = breakdown.measure("mlp-2", range(2))
    assert list(found["parts"]) == list(report.PARTS_OF_A_STEP)
    assert found["whole"] == pytest.approx(sum(found["parts"].values()))
    assert found["ops"] == 6  # three linear layers, two relus, the loss


def test_a_profile_lists_the_ops(capsys):
    assert profile_step.main(["--work", "mlp-2", "--rounds", "2"]) == 0
    said = capsys.readouterr().out
    assert [line.split()[:2] for line in said.splitlines() if line.split()[0] == "linear"] == [
        ["linear", "3"]
    ]


def record(part="chain", **ratios):
    contenders = {
        name: {"quartiles": [1e-3] * 3, "minimum": 1e-3, "ratio": ratio, "paired": [ratio] * 3, "rounds": 1}
        for name, ratio in {"minigrad": 1.0, **ratios}.items()
    }
    machine = {"processor": "abacus", "cores": 2, "system": "Linux", "python": "3", "blas": "beads",
               "versions": {"numpy": "2", "torch": "1+cpu"}}  # fmt: skip
    return {"title": WORK[part].title, "by": "median", "threads": 1, "absent": {},
            "contenders": contenders, "machine": machine, "date": "2026-01-01", "quick": False}  # fmt: skip


def test_bounds_are_met_missed_or_not_measured():
    found = report.targets({"chain": record(torch=0.45)})
    verdicts = {(t.part, t.what): t.verdict for t in found}
    assert verdicts["chain", "time / PyTorch's"] == "met"
    assert verdicts["chain", "time / NumPy by hand's"] == "not measured"
    found = report.targets({"chain": record(torch=0.46)})
    assert next(t for t in found if t.part == "chain").verdict == "missed"


@pytest.mark.parametrize(
    ("measured", "bound", "figure"),
    [(0.3304, 0.33, "0.3304"), (0.3296, 0.33, "0.3296"), (0.4567, 0.33, "0.46"), (0.331, 0.33, "0.331"),
     (0.33, 0.33, "0.33"), (40.04, 40, "40.04"), (20.4, 40, "20")],
)  # fmt: skip
def test_a_figure_has_the_digits_that_tell_it_from_its_bound(measured, bound, figure):
    assert report.Target("chain", "", bound, measured).figure == figure


def test_tables_are_written_between_their_markers():
    page = "before\n<!-- measured: short -->\nold\n<!-- end -->\nafter\n"
    written = report.rewritten(page, {"chain": record(torch=0.4, numpy=2.0)})
    assert "old" not in written
    assert "| 1 ms | 0.40 | 2.00 |" in written
    assert written.startswith("before\n") and written.endswith("after\n")
    assert report.rewritten(written, {"chain": record(torch=0.4, numpy=2.0)}) == written
    with pytest.raises(KeyError, match="no table is called 'nonsense'"):
        report.rewritten(page.replace("short", "nonsense"), {})


def test_every_table_can_be_written_of_nothing():
    for name in report.TABLES:
        report.rewritten(f"<!-- measured: {name} -->\n<!-- end -->", {})


@pytest.mark.parametrize("page", ["README.md", "benchmarks/README.md"])
def test_the_pages_show_the_results_that_are_stored(page):
    root = Path(__file__).parents[2]
    written = (root / page).read_text(encoding="utf-8")
    assert written == report.rewritten(written, report.load(root / "benchmarks" / "results")), (
        "run: make bench-tables"
    )
