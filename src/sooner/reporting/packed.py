"""Scripts and data as a page carries them: compressed, for the browser to unpack (`web/unpack.js`)."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PLOTLY = Path(__file__).parent / "vendor" / "plotly-basic.min.js"


def packed(text: str) -> str:
    """The text compressed, in the letters of base64, which need no escape in HTML. The same text gives the same."""
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=9, mtime=0)).decode()


def unpacked(letters: str) -> str:
    """What `packed` was given."""
    return gzip.decompress(base64.b64decode(letters)).decode()


def packed_data(data: Mapping[str, Any]) -> str:
    """Data as compressed JSON.

    Raises:
        ValueError: it holds a number that JSON has no word for (infinite, or not a number).
    """
    return packed(json.dumps(data, allow_nan=False, separators=(",", ":")))


def packed_plotly() -> str:
    """plotly.js, which draws the figures: compressed to under half of its bytes."""
    return packed(_PLOTLY.read_text(encoding="utf-8"))
