"""What a step minimises: functions `(outputs, targets, index) -> loss of each example, (B,)`."""

from sooner.losses._base import Loss as Loss
from sooner.losses._make import make as make
from sooner.losses._remembering import Remembering as Remembering
from sooner.losses.cross_entropy import CrossEntropy as CrossEntropy
from sooner.losses.elr import ELR as ELR
from sooner.losses.ps_kd import PSKD as PSKD
from sooner.losses.stablemax import StableMax as StableMax
from sooner.losses.z_loss import ZLoss as ZLoss
