"""Numbers of a training for TensorBoard, written by its own package: `pip install tensorboard`."""

from __future__ import annotations

import time
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad._tensor.tensor import Tensor
from minigrad.pytorch_names import answers_for

try:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.summary.writer.event_file_writer import EventFileWriter
except ImportError as error:
    raise ImportError(
        "utils.tensorboard writes with the package tensorboard, which is not there: pip install tensorboard"
    ) from error

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)

__all__ = ["SummaryWriter"]


def _array(value: Any) -> Any:
    return np.asarray(value.detach().numpy() if isinstance(value, Tensor) else value)


class SummaryWriter:
    """Writes numbers, histograms, texts and pictures into a folder that TensorBoard shows.

    Arguments:
        log_dir: the folder; one under "runs", named after the time, where it is left out.
        comment: added to the name of that one.
        purge_step: accepted.
        max_queue, flush_secs: of events, before they are written.
        filename_suffix: of the file.
    """

    def __init__(
        self,
        log_dir: Any = None,
        comment: str = "",
        purge_step: Any = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
    ) -> None:
        self.log_dir = str(log_dir or Path("runs") / (time.strftime("%b%d_%H-%M-%S") + comment))
        self._made = (max_queue, flush_secs, filename_suffix)
        self._writers: dict[str, Any] = {}
        self._writer_of(self.log_dir)

    def _writer_of(self, folder: str) -> Any:
        if folder not in self._writers:
            self._writers[folder] = EventFileWriter(folder, *self._made)
        return self._writers[folder]

    def get_logdir(self) -> str:
        """The folder."""
        return self.log_dir

    def _add(self, step: Any, walltime: Any, folder: str = "", **value: Any) -> None:
        event = Event(wall_time=walltime or time.time(), summary=Summary(value=[Summary.Value(**value)]))
        if step is not None:
            event.step = int(step)
        self._writer_of(folder or self.log_dir).add_event(event)

    def add_scalar(
        self, tag: str, scalar_value: Any, global_step: Any = None, walltime: Any = None,
        new_style: bool = False, double_precision: bool = False,
    ) -> None:  # fmt: skip
        """A number at a step.

        Arguments:
            tag: the name of the curve.
            scalar_value: a number, or a tensor of one element.
            global_step, walltime: its place.
            new_style, double_precision: accepted.
        """
        self._add(global_step, walltime, tag=tag, simple_value=float(_array(scalar_value).item()))

    def add_scalars(
        self, main_tag: str, tag_scalar_dict: dict[str, Any], global_step: Any = None, walltime: Any = None
    ) -> None:
        """Several numbers at a step, as curves of one plot: each has a folder of its own.

        Arguments:
            main_tag: the name of the plot.
            tag_scalar_dict: the numbers by the names of their curves.
            global_step, walltime: their place.
        """
        for tag, value in tag_scalar_dict.items():
            folder = f"{self.log_dir}/{main_tag.replace('/', '_')}_{tag}"
            self._add(global_step, walltime, folder, tag=main_tag, simple_value=float(_array(value).item()))

    def add_histogram(
        self, tag: str, values: Any, global_step: Any = None, bins: Any = 64, walltime: Any = None,
        max_bins: Any = None,
    ) -> None:  # fmt: skip
        """How often values of a tensor occur, at a step.

        Arguments:
            tag: the name.
            values: a tensor or an array.
            global_step, walltime: its place.
            bins: of numpy.histogram; a word of TensorFlow's stands for 64.
            max_bins: accepted.
        """
        flat = _array(values).reshape(-1).astype(np.float64)
        if not flat.size:
            raise ValueError("The input has no element.")
        counts, edges = np.histogram(flat, 64 if bins in ("tensorflow", "auto", "fd") else bins)
        proto = HistogramProto(
            min=flat.min(), max=flat.max(), num=flat.size, sum=flat.sum(), sum_squares=flat @ flat,
            bucket_limit=edges[1:].tolist(), bucket=counts.tolist(),
        )  # fmt: skip
        self._add(global_step, walltime, tag=tag, histo=proto)

    def add_text(self, tag: str, text_string: str, global_step: Any = None, walltime: Any = None) -> None:
        """A text, in Markdown, at a step.

        Arguments:
            tag: the name.
            text_string: the text.
            global_step, walltime: its place.
        """
        plugin = SummaryMetadata.PluginData(plugin_name="text")
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
        tensor = TensorProto(dtype="DT_STRING", string_val=[text_string.encode()], tensor_shape=shape)
        metadata = SummaryMetadata(plugin_data=plugin)
        self._add(global_step, walltime, tag=f"{tag}/text_summary", tensor=tensor, metadata=metadata)

    def add_image(
        self, tag: str, img_tensor: Any, global_step: Any = None, walltime: Any = None,
        dataformats: str = "CHW",
    ) -> None:  # fmt: skip
        """A picture at a step; it needs the package pillow.

        Arguments:
            tag: the name.
            img_tensor: floats between 0 and 1, or bytes.
            global_step, walltime: its place.
            dataformats: the order of channels C, height H and width W.
        """
        from PIL import Image  # noqa: PLC0415 (only this method needs it)

        picture = _array(img_tensor)
        if len(dataformats) != picture.ndim:
            raise ValueError(f"size of input tensor and input format are different: {dataformats}")
        order = [dataformats.index(c) for c in "HWC" if c in dataformats]
        picture = picture.transpose(order)
        if picture.dtype.kind == "f":
            picture = (picture * 255).clip(0, 255).astype(np.uint8)
        picture = picture[:, :, 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture
        file = BytesIO()
        Image.fromarray(picture).save(file, "PNG")
        image = Summary.Image(
            height=picture.shape[0], width=picture.shape[1], colorspace=3 if picture.ndim == 3 else 1,
            encoded_image_string=file.getvalue(),
        )  # fmt: skip
        self._add(global_step, walltime, tag=tag, image=image)

    def add_figure(
        self, tag: str, figure: Any, global_step: Any = None, close: bool = True, walltime: Any = None
    ) -> None:
        """A figure of Matplotlib's at a step.

        Arguments:
            tag: the name.
            figure: the figure.
            global_step, walltime: its place.
            close: forget the figure.
        """
        figure.canvas.draw()
        self.add_image(tag, np.array(figure.canvas.buffer_rgba())[..., :3], global_step, walltime, "HWC")
        if close:
            figure.clear()

    def add_graph(
        self, model: Any, input_to_model: Any = None, verbose: bool = False, **options: Any
    ) -> None:
        """Raise: `viz.graph` draws the graph of a result.

        Arguments:
            model, input_to_model, verbose, options: as PyTorch's.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("add_graph is not covered: viz.graph(result) draws the graph of a result")

    def add_hparams(self, hparam_dict: dict[str, Any], metric_dict: dict[str, Any], **options: Any) -> None:
        """The numbers of `metric_dict`, beside a text with those of `hparam_dict`.

        Arguments:
            hparam_dict: names and values of a run.
            metric_dict: names and results.
            options: accepted.
        """
        self.add_text("hparams", "  \n".join(f"{name}: {value}" for name, value in hparam_dict.items()))
        for name, value in metric_dict.items():
            self.add_scalar(name, value)

    def flush(self) -> None:
        """Write what waits."""
        for writer in self._writers.values():
            writer.flush()

    def close(self) -> None:
        """Write what waits, and close the files."""
        for writer in self._writers.values():
            writer.flush()
            writer.close()

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
