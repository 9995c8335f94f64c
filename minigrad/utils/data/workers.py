"""Worker processes of a DataLoader: each makes its share of the batches, and they come in the loader's order.

A worker is told a batch's number and indices through a pipe and answers through it. A thread of the worker
sends the answers, so that it reads its next task while the program is busy, and neither waits for the other
for ever. The tasks that a worker has at a time are bounded, and so are the answers that wait.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import random
import signal
import threading
import time
import traceback
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from typing import Any, NamedTuple

import numpy as np

from minigrad._tensor.random import manual_seed
from minigrad.utils.data.fetching import EndOfSamples, Reading, fetcher
from minigrad.utils.data.info import WorkerInfo, become_worker

PATIENCE = 1.0  # seconds for a worker to end by itself
END = "end"  # the answer of a worker when its IterableDataset has no more samples


class Failure(NamedTuple):
    """An error of a worker, with its traceback as text: a traceback itself cannot be sent."""

    kind: type[BaseException]
    text: str

    def throw(self) -> None:
        """Raise an error of the same kind that tells the worker's traceback."""
        try:
            error = self.kind(_Text(self.text) if issubclass(self.kind, KeyError) else self.text)
        except Exception:  # a kind that is made of other things than a text
            error = RuntimeError(self.text)
        raise error


class _Text(str):
    """A text that KeyError, which shows the repr of its key, shows as it is."""

    def __repr__(self) -> str:
        return str(self)


class Options(NamedTuple):
    """As the loader was told."""

    workers: int
    prefetch: int
    timeout: float
    init: Callable[[int], Any] | None
    context: Any


class Workers:
    """The processes, and the passes that they serve. They end with `stop`, or when nobody holds this."""

    def __init__(self, reading: Reading, options: Options) -> None:
        self._options = options
        self._processes: list[BaseProcess] = []
        self._pipes: list[Connection] = []
        self._stop = weakref.finalize(self, _end, os.getpid(), self._processes, self._pipes)
        context = options.context
        if context is None or isinstance(context, str):
            forks = "fork" in multiprocessing.get_all_start_methods()  # it takes datasets of any kind
            context = multiprocessing.get_context(context or ("fork" if forks else None))
        forked = context.get_start_method() == "fork"
        for number in range(options.workers):
            ours, theirs = context.Pipe()
            self._pipes.append(ours)
            held = list(self._pipes) if forked else []
            process = context.Process(
                target=_work, args=(theirs, held, number, options.workers, reading, options.init), daemon=True
            )
            with warnings.catch_warnings():
                # Python warns of a fork beside threads; the worker waits for none of them
                warnings.filterwarnings("ignore", ".*fork", DeprecationWarning)
                process.start()
            self._processes.append(process)
            theirs.close()

    def stop(self) -> None:
        """End the processes, whatever they do."""
        self._stop()

    def batches(self, tasks: Iterator[Any], seed: int) -> Iterator[Any]:
        """The batches of one pass, in the order of their tasks."""
        count = self._options.workers
        active, turn = [True] * count, 0
        due: deque[int] = deque()  # the workers of the tasks that are under way, in their order
        for number in range(count):
            self._send(number, ("begin", seed + number))

        def give() -> None:
            nonlocal turn
            for _ in range(count):
                turn, number = (turn + 1) % count, turn
                if active[number]:
                    try:
                        task = next(tasks)
                    except StopIteration:
                        return
                    self._send(number, ("make", task))
                    due.append(number)
                    return

        clean = False
        try:
            for _ in range(count * self._options.prefetch):
                give()
            while due:
                number = due[0]
                if not active[number]:  # it ended before it came to this task
                    due.popleft()
                    continue
                answer = self._receive(number)
                due.popleft()
                if isinstance(answer, Failure):
                    answer.throw()
                give_up = isinstance(answer, str) and answer == END
                active[number] = not give_up
                give()
                if not give_up:
                    (batch,) = answer
                    yield batch
            clean = True
        finally:
            if not clean:
                self.stop()  # answers may be on their way that no one waits for

    @property
    def alive(self) -> bool:
        """False after `stop`."""
        return self._stop.alive

    def _send(self, number: int, message: Any) -> None:
        try:
            self._pipes[number].send(message)
        except (BrokenPipeError, ConnectionResetError):
            raise self._dead(number) from None

    def _receive(self, number: int) -> Any:
        timeout, pipe = self._options.timeout, self._pipes[number]
        if timeout > 0 and not pipe.poll(timeout):
            raise RuntimeError(f"DataLoader timed out after {timeout} seconds, waiting for worker {number}")
        try:
            return pickle.loads(pipe.recv_bytes())
        except (EOFError, ConnectionResetError):
            raise self._dead(number) from None

    def _dead(self, number: int) -> RuntimeError:
        process = self._processes[number]
        process.join(PATIENCE)
        return RuntimeError(
            f"DataLoader worker {number} (pid {process.pid}) exited unexpectedly, with exit code "
            f"{process.exitcode}; with num_workers=0 its error shows here"
        )


def _end(owner: int, processes: list[BaseProcess], pipes: list[Connection]) -> None:
    """Close the pipes, on which workers end; end those that are busy."""
    if os.getpid() != owner:  # a copy in a worker
        return
    for pipe in pipes:
        pipe.close()
    latest = time.monotonic() + PATIENCE
    for process in processes:
        process.join(max(0, latest - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
        process.close()


def _work(
    pipe: Connection,
    held: list[Connection],
    number: int,
    count: int,
    reading: Reading,
    init: Callable[[int], Any] | None,
) -> None:
    """The life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program, which ends its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in held:  # a pipe tells its end only when nobody else holds it
        other.close()
    outbox: SimpleQueue[bytes | None] = SimpleQueue()
    sender = threading.Thread(target=_send_all, args=(pipe, outbox), daemon=True)
    sender.start()
    fetch, begun, failure = None, False, None
    ended = False
    try:
        while True:
            kind, content = pipe.recv()
            if kind == "begin":
                fetch, ended, failure = None, False, None
                try:
                    _seed(content)
                    become_worker(WorkerInfo(number, count, content, reading.dataset))
                    if init is not None and not begun:
                        init(number)
                    begun = True
                    fetch = fetcher(reading)
                except Exception as error:
                    failure = _failure(error, number)
            elif not ended:
                answer: Any = failure
                if fetch is not None:
                    try:
                        answer = (fetch(content),)
                    except EndOfSamples:
                        answer, ended = END, True
                    except Exception as error:
                        answer = _failure(error, number)
                outbox.put(_packed(answer, number))
    except (EOFError, OSError):  # the program ended, or this worker is not needed any more
        pass


def _send_all(pipe: Connection, outbox: SimpleQueue[bytes | None]) -> None:
    try:
        while (message := outbox.get()) is not None:
            pipe.send_bytes(message)
    except OSError:
        os._exit(0)


def _packed(answer: Any, number: int) -> bytes:
    try:
        return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        if isinstance(answer, Failure):
            return pickle.dumps(Failure(RuntimeError, answer.text))
        return pickle.dumps(Failure(RuntimeError, _failure(error, number).text))


def _failure(error: Exception, number: int) -> Failure:
    told = "".join(traceback.format_exception(error))
    kind = type(error).__name__
    return Failure(type(error), f"Caught {kind} in DataLoader worker process {number}.\nOriginal {told}")


def _seed(seed: int) -> None:
    """Start the generators of the worker, each at numbers of its own, as in PyTorch."""
    random.seed(seed)
    manual_seed(seed)
    np.random.seed(np.random.SeedSequence(seed).generate_state(4))  # noqa: NPY002  # datasets draw from it
