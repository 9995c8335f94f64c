"""The older name of what `torch.hub` fetches: nothing."""

from __future__ import annotations

from minigrad.hub import load_state_dict_from_url as load_url

__all__ = ["load_url"]
