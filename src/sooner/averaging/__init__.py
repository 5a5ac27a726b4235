"""Averaging: which of the weights that training passes through are kept. Evaluate the mean, go on with the last."""

from sooner.averaging._base import Averaging as Averaging
from sooner.averaging.ema import EMA as EMA
from sooner.averaging.swa import SWA as SWA
