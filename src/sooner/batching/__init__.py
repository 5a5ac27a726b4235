"""Batching: how many examples a step takes, the learning rate that goes with it, and norm layers for large batches."""

from sooner.batching._base import Batching as Batching
from sooner.batching._base import grows as grows
from sooner.batching._ghosts import GhostBatchNorm1d as GhostBatchNorm1d
from sooner.batching._ghosts import GhostBatchNorm2d as GhostBatchNorm2d
from sooner.batching._ghosts import GhostBatchNorm3d as GhostBatchNorm3d
from sooner.batching._joining import join as join
from sooner.batching._joining import joined as joined
from sooner.batching._make import make as make
from sooner.batching._parts import observe_parts as observe_parts
from sooner.batching.adadagrad import AdAdaGrad as AdAdaGrad
from sooner.batching.ghost_batch_norm import ghost_batch_norm as ghost_batch_norm
from sooner.batching.regime_adaptation import RegimeAdaptation as RegimeAdaptation
from sooner.batching.scaling import LinearScaling as LinearScaling
from sooner.batching.scaling import SqrtScaling as SqrtScaling
