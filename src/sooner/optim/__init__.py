"""Optimizers: how a step moves. Base optimizers over a model, and wrappers around any optimizer."""

from sooner.optim._base import SeveralPasses as SeveralPasses
from sooner.optim._base import Wrapper as Wrapper
from sooner.optim._groups import groups as groups
from sooner.optim._make import make as make
from sooner.optim._make import wrap as wrap
from sooner.optim._rates import set_lr as set_lr
from sooner.optim.adagrad import adagrad as adagrad
from sooner.optim.adagrad_norm import AdaGradNorm as AdaGradNorm
from sooner.optim.adagrad_norm import adagrad_norm as adagrad_norm
from sooner.optim.adamw import adamw as adamw
from sooner.optim.gradient_noise import GradientNoise as GradientNoise
from sooner.optim.lamb import Lamb as Lamb
from sooner.optim.lamb import lamb as lamb
from sooner.optim.lars import lars as lars
from sooner.optim.lookahead import Lookahead as Lookahead
from sooner.optim.muon import muon as muon
from sooner.optim.perpgrad import PerpGrad as PerpGrad
from sooner.optim.sgd import sgd as sgd
from sooner.optim.sso import SSO as SSO
