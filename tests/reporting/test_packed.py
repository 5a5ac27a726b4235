from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from sooner.reporting.packed import packed, packed_data, packed_plotly, unpacked

VENDOR = Path(__file__).parents[2] / "src/sooner/reporting/vendor"


def test_the_page_gets_letters_that_html_leaves_alone_and_the_same_ones_every_time() -> None:
    text = "</script><!-- \u2713 &amp; " * 50
    letters = packed(text)
    assert re.fullmatch(r"[A-Za-z0-9+/]+=*", letters)
    assert gzip.decompress(base64.b64decode(letters)).decode() == text
    assert unpacked(letters) == text
    assert packed(text) == letters
    assert len(letters) < len(text) / 4


def test_data_is_json_and_no_number_is_infinite() -> None:
    assert json.loads(unpacked(packed_data({"x": [1, 0.5, None]}))) == {"x": [1, 0.5, None]}
    with pytest.raises(ValueError, match="JSON"):
        packed_data({"x": float("inf")})


def test_plotly_is_what_its_authors_published_with_their_licence() -> None:
    script = (VENDOR / "plotly-basic.min.js").read_bytes()
    about = (VENDOR / "README.md").read_text()
    assert hashlib.sha256(script).hexdigest() in about
    version = re.search(rb"plotly\.js \(basic - minified\) v([\d.]+)", script)
    assert version
    assert f"plotly.js {version[1].decode()}" in about
    assert (VENDOR / "plotly-LICENSE.txt").read_text().startswith("MIT License")
    assert unpacked(packed_plotly()).encode() == script
    assert len(packed_plotly()) < 600_000
