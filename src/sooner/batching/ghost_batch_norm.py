"""Ghost batch norm: a large batch normalised in parts, each with its own statistics."""

from __future__ import annotations

from types import MappingProxyType

from torch import nn

from sooner._arguments import whole_number
from sooner._sharded import sharding
from sooner.batching._ghosts import GhostBatchNorm1d, GhostBatchNorm2d, GhostBatchNorm3d
from sooner.registry import Method, register
from sooner.seams import Use

_GHOSTS: dict[type[nn.Module], type[nn.Module]] = {
    nn.BatchNorm1d: GhostBatchNorm1d,
    nn.BatchNorm2d: GhostBatchNorm2d,
    nn.BatchNorm3d: GhostBatchNorm3d,
}
_KNOWN = {*_GHOSTS, *_GHOSTS.values()}


def ghost_batch_norm(model: nn.Module, *, size: int = 128) -> int:
    """Make every batch norm of `model`, in place, normalise ghosts of `size` examples instead of the whole batch.

    In training, a batch of B examples is cut, in order, into G = floor(B / size) ghosts, at least 1, whose sizes differ
    by one at most, larger ones first: `size` examples each, or a few more where B is no multiple. Each is normalised
    with its own mean and variance, so a large batch is normalised with the noise of a small one. The running
    statistics are updated as if a plain layer had seen the ghosts one after the other: with momentum p, those of ghost
    g = 0..G-1 enter with the factor p (1-p)^(G-1-g) and the former ones stay with (1-p)^G, the variance unbiased; with
    momentum None every ghost counts as one batch of the mean. In evaluation nothing differs from the plain layer.

    Only the layers' class changes: parameters, buffers, hooks and names are the same objects as before, so a state
    dict fits both kinds, and an optimizer made before or after keeps its parameters. A second call sets another size.
    Each process of distributed training cuts its own part of the batch, and each micro-batch of an accumulated step is
    a batch of its own. With a large momentum and many ghosts, only the last few of them are remembered.
    `torch.fx` traces each layer as one operation, as it does the plain ones. `torch.compile(fullgraph=True)` compiles
    a few graphs for all batch sizes together.

    `SyncBatchNorm.convert_sync_batchnorm`, which takes every batch norm for a plain one and would drop the ghosts, is
    refused with a TypeError: statistics of all processes and statistics of ghosts exclude each other. Converters under
    another name are not noticed.

    Source: Hoffer, Hubara and Soudry, Train longer, generalize better: closing the generalization gap in large batch
    training of neural networks, 2017, algorithm 1. The published code passes the ghosts through the whole net one by
    one, which is slower and gives the same gradient.

    On a CPU the ghosts pass through the layer one by one, and a step takes as long as with the plain layer (1.00 times
    the processor time, convnet-16 on 2,048 images of 28x28, one core). On other devices, and in compiled graphs, they
    pass all at once, for two copies of each layer's input.

    Args:
        model: may be a batch norm itself.
        size: examples in a ghost, at least 2. The paper has 128.

    Returns:
        The number of layers changed.

    Raises:
        ValueError: a layer is batch norm of another class, whose behaviour is not known; nothing is changed then. Or
            there is no batch norm.
        TypeError: `fully_shard` (FSDP2) was called on a batch norm itself; shard after this.
    """
    size = whole_number("size", size, least=2)
    layers = [(name, m) for name, m in model.named_modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    for name, layer in layers:
        found = sharding(layer)
        if found is not None and type(layer) not in _KNOWN:
            raise TypeError(
                f"ghost_batch_norm changes the class of batch norms, and layer {name or 'model'} is {found}, which has "
                "changed it too: call ghost_batch_norm first, then shard the model"
            )
        if type(layer) not in _KNOWN:
            raise ValueError(
                f"layer {name or 'model'} is a {type(layer).__name__}, and ghosts are made of torch's own BatchNorm1d, "
                "2d and 3d only: replace it by one of them first"
            )
    if not layers:
        raise ValueError(f"{type(model).__name__} has no batch norm: leave ghost batch norm out")
    for _, layer in layers:
        layer.__class__ = _GHOSTS.get(type(layer), type(layer))  # type: ignore[assignment]
        layer.ghost_size = size  # type: ignore[assignment]
    return len(layers)


register(
    Method(
        name="ghost-batch-norm",
        seam="batching",
        make=ghost_batch_norm,
        title="Ghost batch normalization",
        paper="Hoffer et al., Train longer, generalize better: closing the generalization gap in large batch training",
        year=2017,
        changes="Batch norm normalises parts of a large batch, each with its own statistics.",
        costs="Hardly anything on a CPU; on an accelerator two copies of each batch norm's input.",
        helps="With batches of thousands, whose statistics have lost the noise that regularises small ones.",
        hurts="Batches of a few hundred gain nothing; where a net underfits, noise does not help.",
        many=True,
        exempt=MappingProxyType(
            {
                "accumulation": "the statistics of batch norm are those of a micro-batch anyway",
                "repr": "it changes a model, and makes no object",
            }
        ),
        example=MappingProxyType({"size": 16}),
        use=Use(shown=("size",)),  # it changes the model, and the loop stays as it is
    )
)
