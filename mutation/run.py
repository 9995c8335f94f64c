"""General mutation testing of `minigrad/_engine.py` and `minigrad/ops/`, with Cosmic Ray: `make mutation`.

    python mutation/run.py                                  all of it
    python mutation/run.py minigrad/ops/linalg.py           one file
    python mutation/run.py --sample 200 --seed 1            two hundred mutants, drawn evenly
    python mutation/run.py --report                         count what an earlier run, or part of one, found
    python mutation/run.py --again                          test the survivors again, with the tests of today

Each mutant is made and tested in a copy of the repository under out/mutation/, never in the sources
themselves. A run that was interrupted goes on where it stopped; --fresh begins again. The exit status is 1
where a mutant survives that mutation/explained.toml does not explain.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from affected import compared_names, not_code

ROOT = Path(__file__).parent.parent
WORK = ROOT / "out" / "mutation"
NEEDED = (
    "minigrad tests mutation docs examples benchmarks "
    "README.md CHANGELOG.md CONTRIBUTING.md LICENSE Makefile pyproject.toml"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "files", nargs="*", help="of minigrad/_engine.py and minigrad/ops/*.py; all if none is given"
    )
    parser.add_argument("--sample", type=int, help="test only so many mutants, drawn with --seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--fresh", action="store_true", help="forget an earlier run")
    parser.add_argument("--again", action="store_true", help="test the survivors of an earlier run again")
    parser.add_argument("--report", action="store_true", help="run nothing, report what is known")
    parser.add_argument("--work", type=Path, default=WORK, help="where copies and results go (out/mutation)")
    options = parser.parse_args()
    run = Run(options.work.resolve())
    if not options.report:
        if options.fresh or not run.session.exists():
            run.begin(options.files, options.sample, options.seed)
        elif options.again:
            run.forget_survivors()
        with run.workers(options.workers):
            run.execute()
    return run.report()


# --- the run ----------------------------------------------------------------------------------------------


class Run:
    """A directory with Cosmic Ray's session, its configuration, and a copy of the repository per worker."""

    def __init__(self, work: Path) -> None:
        self.work, self.session, self.config = work, work / "session.sqlite", work / "cosmic-ray.toml"

    def forget_survivors(self) -> None:
        """Make the survivors pending again, and the copies new; the sources must be those of the run."""
        with sqlite3.connect(self.session) as db:
            db.execute(
                "delete from work_results where test_outcome = 'SURVIVED'"
                " or worker_outcome not in ('NORMAL', 'SKIPPED')"
            )
            tested = {path for (path,) in db.execute("select distinct module_path from mutation_specs")}
        for copy in self.work.glob("copy*"):
            for right in (copy / ".right").rglob("*.py"):
                source = ROOT / right.relative_to(copy / ".right")
                if str(source.relative_to(ROOT)) in tested and source.read_bytes() != right.read_bytes():
                    sys.exit(
                        f"{source.relative_to(ROOT)} has changed since the run: begin again, with --fresh"
                    )
            shutil.rmtree(copy)

    def begin(self, files: list[str], sample: int | None, seed: int) -> None:
        """A session with the mutants to be tested pending, and a copy of the repository for each worker."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        settings = (ROOT / "mutation" / "cosmic-ray.toml").read_text(encoding="utf-8")
        if files:
            unknown = [f for f in files if not (ROOT / f).is_file()]
            if unknown:
                sys.exit(f"there is no file {unknown[0]} (a path from the top of the repository is meant)")
            settings = _with_line(settings, "module-path", json.dumps(files))
        python = json.dumps(f"{sys.executable} mutation/suite.py")
        self.config.write_text(_with_line(settings, "test-command", python), encoding="utf-8")
        tool("cosmic-ray", "init", str(self.config), str(self.session), "--force")
        tool("cr-filter-operators", str(self.session), str(self.config))
        with sqlite3.connect(self.session) as db:
            pending = db.execute(
                "select job_id, module_path, start_pos_row, start_pos_col, operator_name from mutation_specs"
                " where job_id not in (select job_id from work_results)"
                " order by module_path, operator_name, occurrence"
            ).fetchall()
            outside = {path: not_code(ROOT / path) for path in {row[1] for row in pending}}
            names = {path: compared_names(ROOT / path) for path in outside}
            skipped = [
                job
                for job, path, line, column, operator in pending
                if (line, column) in outside[path]
                or ((line, column) in names[path] and not operator.endswith(("_Eq", "_NotEq")))
            ]
            kept = sorted({job for job, *_ in pending} - set(skipped))
            order = {job: place for place, (job, *_) in enumerate(pending)}
            kept.sort(key=order.__getitem__)
            if sample is not None and sample < len(kept):
                chosen = set(random.Random(seed).sample(kept, sample))
                skipped += [job for job in kept if job not in chosen]
            db.executemany(
                "insert into work_results (worker_outcome, output, test_outcome, diff, job_id)"
                " values ('SKIPPED', 'not code, or not in the sample', null, null, ?)",
                [(job,) for job in skipped],
            )

    @contextlib.contextmanager
    def workers(self, count: int) -> Iterator[None]:
        """Cosmic Ray's workers, each in a copy of its own, their addresses written into the configuration."""
        ports, running = [], []
        for number in range(count):
            copy = self.work / f"copy{number}"
            if not copy.exists():
                for name in NEEDED.split():
                    source = ROOT / name
                    if source.is_dir():
                        shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
                    else:
                        copy.mkdir(exist_ok=True)
                        shutil.copy(source, copy / name)
                shutil.copytree(copy / "minigrad", copy / ".right" / "minigrad")
            with socket.socket() as s:
                s.bind(("localhost", 0))
                ports.append(s.getsockname()[1])
            for right in (copy / ".right").rglob("*.py"):  # an interrupted run may have left a mutant
                shutil.copy(right, copy / right.relative_to(copy / ".right"))
            program = str(Path(sys.executable).parent / "cosmic-ray")
            log = (self.work / f"worker{number}.log").open("w")
            running.append(
                subprocess.Popen(
                    [program, "http-worker", "--port", str(ports[-1])], cwd=copy, stdout=log, stderr=log
                )
            )
        settings = self.config.read_text(encoding="utf-8").partition("\n[cosmic-ray.distributor.http]")[0]
        urls = json.dumps([f"http://localhost:{port}" for port in ports])
        self.config.write_text(
            f"{settings}\n[cosmic-ray.distributor.http]\nworker-urls = {urls}\n", encoding="utf-8"
        )
        deadline = time.monotonic() + 30
        for port in ports:
            while time.monotonic() < deadline:
                with contextlib.suppress(OSError), socket.create_connection(("localhost", port)):
                    break
                time.sleep(0.1)
        try:
            yield
        finally:
            for process in running:
                process.terminate()
            for process in running:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(10)
                process.kill()

    def execute(self) -> None:
        """Test the pending mutants, with a progress bar."""
        from tqdm import tqdm

        done, total = self.progress()
        program = str(Path(sys.executable).parent / "cosmic-ray")
        log = (self.work / "exec.log").open("w")
        with (
            subprocess.Popen(
                [program, "exec", str(self.config), str(self.session)], cwd=ROOT, stdout=log, stderr=log
            ) as running,
            tqdm(total=total, initial=done, unit=" mutants", smoothing=0.05) as bar,
        ):
            while running.poll() is None:
                time.sleep(1)
                bar.update(self.progress()[0] - bar.n)
            bar.update(self.progress()[0] - bar.n)
        if running.returncode:
            sys.exit(f"cosmic-ray failed; what it said is in {log.name}")

    def progress(self) -> tuple[int, int]:
        """How many mutants were tested, of how many that are to be."""
        with sqlite3.connect(self.session) as db:
            (whole,) = db.execute("select count(*) from work_items").fetchone()
            (skipped,) = db.execute(
                "select count(*) from work_results where worker_outcome = 'SKIPPED'"
            ).fetchone()
            (known,) = db.execute("select count(*) from work_results").fetchone()
        return known - skipped, whole - skipped

    def report(self) -> int:
        """Print the score of each file, and the survivors; 1 if one of them has no explanation."""
        if not self.session.exists():
            sys.exit("nothing is known yet: run it without --report first")
        explained = explanations()
        made: Counter[str] = Counter()
        killed: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        unexplained: list[str] = []
        used: set[tuple[str, str, str]] = set()
        with sqlite3.connect(self.session) as db:
            rows = db.execute(
                "select module_path, operator_name, start_pos_row, worker_outcome, test_outcome, diff, output"
                " from mutation_specs join work_results using (job_id)"
                " where worker_outcome != 'SKIPPED'"
                " order by module_path, start_pos_row, operator_name, occurrence"
            ).fetchall()
        for path, operator, line, worker, outcome, diff, output in rows:
            made[path] += 1
            if worker != "NORMAL":
                unexplained.append(f"{path}:{line}: {operator}: not tested: {(output or '')[-300:]}")
            elif outcome == "KILLED":
                killed[path] += 1
            else:
                was, now = changed_lines(diff)
                if (path, was, now) in explained:
                    reasons[path] += 1
                    used.add((path, was, now))
                else:
                    unexplained.append(
                        f"{path}:{line}: {operator.removeprefix('core/')}\n    - {was}\n    + {now}"
                    )
        for path in sorted(made):
            known = f", {reasons[path]} explained" if reasons[path] else ""
            print(f"{path:32} killed {killed[path]} of {made[path]}{known}")
        share = (killed.total() + reasons.total()) / max(made.total(), 1)
        print(
            f"{'all':32} killed {killed.total()} of {made.total()}, {reasons.total()} explained:"
            f" {killed.total() / max(made.total(), 1):.1%}, with what is explained {share:.1%}"
        )
        done, total = self.progress()
        if done < total:
            print(f"{total - done} mutants are not tested yet; run again to go on")
        for text in unexplained:
            print(text)
        gone = sorted({(file, was) for file, was, _ in explained if was not in _lines(file)})
        for file, was in gone:
            print(f"{file} no longer has a line that explained.toml explains: {was}")
        return 1 if unexplained or gone else 0


def _with_line(settings: str, key: str, value: str) -> str:
    lines = [f"{key} = {value}" if line.startswith(f"{key} =") else line for line in settings.splitlines()]
    return "\n".join(lines) + "\n"


def tool(name: str, *arguments: str, cwd: Path = ROOT) -> None:
    subprocess.run([str(Path(sys.executable).parent / name), *arguments], cwd=cwd, check=True)


def explanations() -> dict[tuple[str, str, str], str]:
    """(file, line as it was, line as it is): why the mutant is no mistake."""
    text = (ROOT / "mutation" / "explained.toml").read_text(encoding="utf-8")
    found = {}
    for entry in tomllib.loads(text).get("survivor", []):
        for now in entry["now"] if isinstance(entry["now"], list) else [entry["now"]]:
            found[entry["file"], entry["was"], now] = entry["why"]
    return found


def _lines(file: str) -> list[str]:
    return [line.strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines()]


def changed_lines(diff: str) -> tuple[str, str]:
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++", "@@"))]
    was, now = (" ".join(s[1:].strip() for s in lines if s.startswith(sign)) for sign in "-+")
    return was, now


if __name__ == "__main__":
    sys.exit(main())
