"""Models by name, and what they cost."""

from sooner.tasks.models._base import ModelInfo as ModelInfo
from sooner.tasks.models.build import build as build
from sooner.tasks.models.build import models as models
from sooner.tasks.models.cost import flops as flops
from sooner.tasks.models.cost import layer_flops as layer_flops
from sooner.tasks.models.cost import parameters as parameters
