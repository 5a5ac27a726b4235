"""Structure: which tensors exist. Surgery on a model that carries the optimizer's state along."""

from sooner.structure._errors import StructureError as StructureError
from sooner.structure._make import make as make
from sooner.structure.channel_pruning import ChannelPruning as ChannelPruning
from sooner.structure.cropping import Crop as Crop
from sooner.structure.cropping import crop as crop
from sooner.structure.groups import Group as Group
from sooner.structure.groups import Groups as Groups
from sooner.structure.groups import Part as Part
from sooner.structure.groups import groups as groups
from sooner.structure.precropping import precropping as precropping
from sooner.structure.surgery import remove as remove
