"""Sparsity: which weights are alive. Masks that act in any loop with any optimizer."""

from sooner.sparsity._base import SparseTraining as SparseTraining
from sooner.sparsity._make import make as make
from sooner.sparsity.distributions import counts as counts
from sooner.sparsity.distributions import densities as densities
from sooner.sparsity.dst_ee import DSTEE as DSTEE
from sooner.sparsity.flops import Flops as Flops
from sooner.sparsity.flops import flops as flops
from sooner.sparsity.granet import GraNet as GraNet
from sooner.sparsity.grasp import GraSP as GraSP
from sooner.sparsity.grasp import grasp_scores as grasp_scores
from sooner.sparsity.magnitude_gradual import MagnitudeGradual as MagnitudeGradual
from sooner.sparsity.random_pruning import RandomPruning as RandomPruning
from sooner.sparsity.rigl import RigL as RigL
from sooner.sparsity.set import SET as SET
from sooner.sparsity.snip import SNIP as SNIP
from sooner.sparsity.snip import snip_scores as snip_scores
from sooner.sparsity.synflow import SynFlow as SynFlow
from sooner.sparsity.synflow import synflow_scores as synflow_scores
