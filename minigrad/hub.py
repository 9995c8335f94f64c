"""Models and weights from the network: minigrad fetches nothing, and a program that asks hears so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minigrad.pytorch_names import answers_for

if not TYPE_CHECKING:
    __getattr__ = answers_for(__name__)


def _refused(*args: Any, **kwargs: Any) -> Any:
    """Raise: nothing is fetched."""
    raise RuntimeError(
        "minigrad fetches no models and no weights from the network; "
        "load a file that is there: model.load_state_dict(torch.load(file))"
    )


load = load_state_dict_from_url = download_url_to_file = help = list = _refused
