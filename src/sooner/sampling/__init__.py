"""Sampling: which examples come next, and in what order. Batch samplers for any loop, at any size, on any ranks."""

from sooner.sampling._base import Order as Order
from sooner.sampling._base import Sampler as Sampler
from sooner.sampling._make import make as make
from sooner.sampling.permutation import Permutation as Permutation
from sooner.sampling.reshuffling import Reshuffling as Reshuffling
from sooner.sampling.rs2 import RS2 as RS2
from sooner.sampling.static import StaticSubset as StaticSubset
