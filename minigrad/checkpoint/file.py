"""`save` and `load`: which format a file is in, and how it takes the place of the old one."""

from __future__ import annotations

import errno
import io
import os
import secrets
import shutil
import stat
from pathlib import Path
from typing import Any, BinaryIO

from minigrad.checkpoint import npz_file, pytorch_file, safetensors_file
from minigrad.checkpoint.storages import OtherPlaceError, placing
from minigrad.checkpoint.structure import CheckpointError, pack, unpack

# How a value is taken apart, written, read and put together.
FORMATS: dict[str, tuple[Any, Any, Any, Any]] = {
    ".npz": (pack, npz_file.write, npz_file.read, unpack),
    ".safetensors": (pack, safetensors_file.write, safetensors_file.read, unpack),
}
PYTORCHS = (pytorch_file.pack, pytorch_file.write, pytorch_file.read, None)  # any other name's

FilePath = str | os.PathLike[str]


def save(
    obj: Any,
    f: FilePath | BinaryIO,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Save tensors, and dicts, lists and tuples of tensors, numbers and strings, to the file `f`.

    The suffix decides the format: `.npz` is NumPy's and needs nothing else, `.safetensors` is shared with
    other libraries and needs the extra of that name. There a dict of tensors is, for PyTorch, just that.
    Any other name, as `.pt` or `.ckpt` or none, is PyTorch's, which reads it with `weights_only=True`. So is
    what is written to a file that is open for bytes, or to an `io.BytesIO`; the rest does not hold there.

    A file that exists is replaced at the very end, by one that is complete and on the disk: whenever
    the program is killed, `f` is the old file or the new one, whole. (A kill may leave a hidden
    file beside it that ends in `.tmp`.)

    Each tensor's values are saved, and whether it requires grad, not its history. Tensors of one dtype that
    share memory (a tied weight, views) do so again after loading. Parameters come back as
    tensors, but from PyTorch's format as parameters.

    PyTorch's format also takes sets, bytes, arrays, dtypes and devices, and modules and other objects of
    classes of the program, by the names of their classes: those come back with
    `load(f, weights_only=False)`. Numbers of NumPy's become Python's.

    Arguments:
        obj: the value.
        f: a path, or a file that is open for bytes.
        pickle_module, pickle_protocol: change nothing: the pickle in a file is minigrad's own.

    Raises:
        TypeError: for anything else in `obj`, saying where it is. No file is touched then.
        ValueError: for an object that contains itself, and for PyTorch's old format, which is only read.
        ImportError: where the safetensors library is missing.
        OSError: where `f` is read-only, or something else than a file.

    >>> import tempfile
    >>> import minigrad as torch
    >>> from minigrad.checkpoint import load, save
    >>> model = torch.nn.MLP(2, 3, 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save({"model": model.state_dict(), "epoch": 7}, folder + "/last.npz")
    ...     saved = load(folder + "/last.npz")
    >>> saved["epoch"], model.load_state_dict(saved["model"])
    (7, <All keys matched successfully>)
    """
    if not _use_new_zipfile_serialization:
        raise ValueError(
            "minigrad writes PyTorch's zip format, which every PyTorch since 1.4 reads; not the old one"
        )
    if not isinstance(f, str | os.PathLike) and hasattr(f, "write"):
        whole = io.BytesIO()
        pytorch_file.write(whole, *pytorch_file.pack(obj))
        _check_binary(f)
        f.write(whole.getvalue())
        return
    path, (take_apart, write, _, _) = _sorted_out(f)
    text, arrays = take_apart(obj)
    path = path.resolve()  # where `f` is a link, what it points to is replaced
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(path.parent))
    _check_writable(path)
    unfinished = path.with_name(f".{secrets.token_hex(8)}.tmp")  # short: the name may be as long as they get
    try:
        with unfinished.open("xb") as file:
            write(file, text, arrays)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, unfinished)  # what was private stays private
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def load(
    f: FilePath | BinaryIO,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """The value that was saved to the file `f`, in the format that its suffix names, whole or not at all.

    A `.safetensors` file of another library is a dict of its tensors. A file that is open for bytes, or an
    `io.BytesIO`, is read from where it stands, in PyTorch's format, also as it was before PyTorch 1.6. Its
    bfloat16 becomes float32. The pickle in it is never run. With `weights_only` it may hold tensors, plain
    values and containers, and what `torch.serialization.add_safe_globals` declares safe.

    With `weights_only=False` you say that you trust the file: modules and other objects of your classes and
    of minigrad's come back, as they were saved here. Still no code of the file's choice is called: an object
    is made without its `__init__`, and gets its attributes. Classes must be there under the same names, and
    those that need a call (a `__reduce__`, `__new__` or `__setstate__` of their own) must be declared safe.
    A module that PyTorch saved whole is refused: its state_dict() can be loaded.

    Arguments:
        f: a path, or a file that is open for bytes.
        map_location: None, the CPU, a dict from locations to it, or a function of a storage and its location
            that returns the storage, or None; values that were saved on another device come to the CPU.
        pickle_module: the module pickle, or None; with `weights_only=True` None only.
        weights_only: see above; None is True.
        mmap: changes nothing.
        pickle_load_args: `encoding` changes nothing; there are no others.

    Raises:
        CheckpointError: for a truncated, damaged or foreign file, saying what is wrong with it.
        ImportError: where the safetensors library is missing.
        OSError: where the file cannot be opened.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from minigrad.checkpoint import load
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "model.npz")
    ...     _ = path.write_bytes(b"PK, but no archive")
    ...     load(path)
    Traceback (most recent call last):
        ...
    minigrad.checkpoint.structure.CheckpointError: ...model.npz cannot be loaded: it is no .npz file, or ...
    """
    trusting = weights_only is not None and not weights_only
    place = placing(map_location)
    _check_pickle_options(pickle_module, trusting, pickle_load_args)

    def unpack_pytorchs(contents: pytorch_file.Contents) -> Any:
        return pytorch_file.unpack(contents, not trusting, place)

    if not isinstance(f, str | os.PathLike) and hasattr(f, "read"):
        _check_binary(f)
        return _read(io.BytesIO(f.read()), "this file", pytorch_file.read, unpack_pytorchs)
    path, (_, _, read, put_together) = _sorted_out(f)
    with open(path, "rb", opener=_open_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise CheckpointError(f"{path} cannot be loaded: it is no file, but a device or a pipe")
        if put_together is None:
            return _read(file, path, read, unpack_pytorchs)
        return _read(file, path, read, lambda contents: put_together(*contents))


def _check_pickle_options(module: Any, trusting: bool, others: dict[str, Any]) -> None:
    if module is not None and not trusting:
        raise RuntimeError("weights_only=True goes with no pickle_module: no pickle is run")
    if module is not None and getattr(module, "__name__", "") not in ("pickle", "_pickle"):
        raise ValueError(
            f"pickle_module can be pickle only, not {module!r}; minigrad reads such files itself"
        )
    if unknown := [name for name in others if name not in ("encoding", "errors", "fix_imports")]:
        raise TypeError(f"load() got an unexpected keyword argument {unknown[0]!r}")


def _read(file: BinaryIO, name: Any, read: Any, put_together: Any) -> Any:
    try:
        return put_together(read(file))
    except (ImportError, MemoryError, OtherPlaceError):
        raise
    except Exception as error:  # what the parsers raise at hostile bytes is no fixed list
        reason = str(error) or type(error).__name__
        raise CheckpointError(f"{name} cannot be loaded: {reason}") from error


def _check_binary(file: Any) -> None:
    """Raise TypeError for a file that is open for text."""
    if isinstance(file, io.TextIOBase):
        raise TypeError('a checkpoint is bytes: open the file with "rb" or "wb"')


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting for whoever writes to a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check_writable(path: Path) -> None:
    """Raise OSError where a file should not be replaced."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "this is no file, and would be replaced by one", str(path))
    if not mode & 0o222 or not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "this file is read-only", str(path))


def _sorted_out(f: Any) -> tuple[Path, tuple[Any, Any, Any, Any]]:
    if not isinstance(f, str | os.PathLike):
        raise TypeError(f"a checkpoint is saved to a file given by its path, not to a {type(f).__name__}")
    path = Path(f)
    return path, FORMATS.get(path.suffix, PYTORCHS)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system lets a folder be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
