"""Removing channels for real: smaller tensors in the same model, and in the same optimizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from sooner.structure._carry import check_state, shrink, shrink_state, states
from sooner.structure._errors import StructureError
from sooner.structure._flow import tensors
from sooner.structure._layers import resize
from sooner.structure._tracing import plain
from sooner.structure.groups import Groups, after, alive


def remove(
    model: nn.Module,
    groups: Groups,
    keep: Mapping[str, Sequence[int] | Tensor],
    optimizer: Optimizer | None = None,
) -> Groups:
    """Make `model` smaller in place: of each group that `keep` names, only those channels stay.

    The smaller model computes what the whole one would if the removed channels were zero wherever they are taken:
    exactly, up to the rounding of shorter sums. Parameters and buffers stay the same objects with smaller data, so
    every reference to them stays good: in the optimizer's groups, where each keeps its hyper-parameters; in hooks; in
    what collects gradients. State of the parameter's shape (momentum, second moments) is cut alike, in the same
    dictionaries, numbers such as step counts stay, and so do gradients, cut too. The optimizers that one holds in its
    attributes are cut with it. The layers' attributes (`out_channels`, `in_features`, ...) say the new sizes.
    Memory formats stay. Costs a copy of the tensors that shrink.

    Whatever else has the shape of a parameter is yours to renew: `DistributedDataParallel` around the model must be
    made again, and so must masks and averages of weights. A loss computed before cannot be differentiated afterwards.

    Args:
        model: that `groups` was found on, or was returned for; not wrapped in DDP.
        groups: of `sooner.structure.groups`, or what the last surgery returned.
        keep: by the group's name, the positions of the channels to keep, 0 to channels - 1, at least one of each
            group; they keep their order in the model. Groups that it does not name stay whole.
        optimizer: over the model's parameters; None if there is none yet.

    Returns the groups of the smaller model; names stay.

    Raises:
        StructureError: a group cannot be removed from; `groups` belongs to another model; the optimizer's state cannot
            be cut. Nothing is changed then.
        ValueError: positions out of range, named twice, or none left.
    """
    model = plain(model)
    kept = {name: _positions(groups, name, positions) for name, positions in keep.items()}
    by_name = dict(tensors(model))
    _check_shapes(model, groups, by_name)
    cuts: dict[str, dict[int, Tensor]] = {}
    for (name, dim), mask in alive(groups, kept).items():
        if not mask.all():
            cuts.setdefault(name, {})[dim] = mask.nonzero().flatten()
    all_states = [] if optimizer is None else states(optimizer)
    for name in cuts:
        for state in all_states:
            if name in by_name and by_name[name] in state:
                check_state(name, by_name[name], state[by_name[name]])
    for name, cut in cuts.items():
        if name in by_name:
            shape = by_name[name].shape
            shrink(by_name[name], cut)
            for state in all_states:
                if by_name[name] in state:
                    shrink_state(shape, state[by_name[name]], cut)
        else:
            owner, attribute = _owner(model, name)
            setattr(owner, attribute, len(cut[0]))
    changed = {id(by_name[name]) for name in cuts if name in by_name}
    for name, tensor in tensors(model, all_names=True):
        if id(tensor) in changed:
            resize(_owner(model, name)[0])
    return after(groups, kept)


def _positions(groups: Groups, name: str, positions: Sequence[int] | Tensor) -> Tensor:
    if name not in groups:
        for group in groups.fixed:
            if group.name == name:
                raise StructureError(f"no channel of '{name}' can be removed: {group.reason}")
        raise StructureError(f"there is no group '{name}'; channels can be removed from: {', '.join(groups) or 'none'}")
    n = groups[name].channels
    kept = torch.as_tensor(positions, dtype=torch.int64, device="cpu").flatten()
    unique: Tensor = torch.unique(kept)
    if not len(kept) or len(unique) != len(kept) or unique[0] < 0 or unique[-1] >= n:
        raise ValueError(
            f"keep['{name}'] must be at least one of the {n} positions 0 to {n - 1}, each once, not {kept.tolist()}"
        )
    return unique


def _check_shapes(model: nn.Module, groups: Groups, by_name: Mapping[str, Tensor]) -> None:
    for group in (*groups.removable, *groups.fixed):
        for part in group.parts:
            if part.tensor in by_name:
                shape: tuple[int, ...] | None = tuple(by_name[part.tensor].shape)
            else:
                try:
                    owner, attribute = _owner(model, part.tensor)
                    shape = (getattr(owner, attribute),)
                except AttributeError:
                    shape = None
            if shape != part.shape:
                has = "is not in this model" if shape is None else f"has the shape {shape} now"
                raise StructureError(
                    f"these groups were found on a model in which '{part.tensor}' has the shape {part.shape}, but it "
                    f"{has}; use the groups that the last surgery returned, or find them again"
                )


def _owner(model: nn.Module, name: str) -> tuple[nn.Module, str]:
    path, _, attribute = name.rpartition(".")
    return model.get_submodule(path), attribute
