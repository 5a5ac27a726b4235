"""Augmentation: what an example looks like now. Callables on whole batches of images, on any device."""

from sooner.augmentation._base import Augmentation as Augmentation
from sooner.augmentation._make import make as make
from sooner.augmentation._make import names as names
from sooner.augmentation.cutout import Cutout as Cutout
from sooner.augmentation.flip import Flip as Flip
from sooner.augmentation.translate import Translate as Translate
