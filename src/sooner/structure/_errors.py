"""The error of a model, or a part of one, whose channels cannot be removed."""

from __future__ import annotations

from sooner.errors import SoonerError


class StructureError(SoonerError):
    """A model, a part of it, or an optimizer cannot be made smaller; the message names the layer and says why."""
