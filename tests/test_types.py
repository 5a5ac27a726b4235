from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from sooner._types import require_types


@dataclass(frozen=True)
class Inner:
    amount: float


@dataclass(frozen=True)
class Outer:
    count: int = 1
    kind: Literal["a", "b"] = "a"
    maybe: float | None = None
    inner: list[Inner] = field(default_factory=list)
    named: Mapping[str, Inner] = field(default_factory=dict)
    both: tuple[int, ...] = ()
    any: Any = None


def test_what_is_declared_passes() -> None:
    require_types(Outer(2, "b", 3, [Inner(1), Inner(2.5)], {"x": Inner(0)}, (1, 2), object()))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"count": "2"}, "count must be int, not '2'"),
        ({"count": True}, "count must be int, not True"),
        ({"count": 2.0}, "count must be int, not 2.0"),
        ({"kind": "c"}, "kind must be Literal"),
        ({"maybe": "x"}, "maybe must be float | None, not 'x'"),
        ({"maybe": float("nan")}, "maybe must be float | None, not nan"),
        ({"inner": [Inner(1), 7]}, r"inner\[1\] must be Inner, not 7"),
        ({"inner": [Inner(1), Inner([])]}, r"inner\[1\].amount must be float, not \[\]"),  # type: ignore[arg-type]
        ({"inner": {}}, r"inner must be list"),
        ({"named": {"x": Inner(None)}}, "named.x.amount must be float, not None"),  # type: ignore[arg-type]
        ({"named": {3: Inner(1)}}, "named must be"),
        ({"both": (1, "2")}, r"both\[1\] must be int, not '2'"),
    ],
)
def test_anything_else_is_named_by_its_path(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=f"^{message}".replace("|", r"\|")):
        require_types(Outer(**fields))
