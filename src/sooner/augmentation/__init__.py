"""Augmentation: what an example looks like now. Callables on whole batches of images, on any device."""

from sooner.augmentation._base import Augmentation as Augmentation
from sooner.augmentation._base import IndexedAugmentation as IndexedAugmentation
from sooner.augmentation._base import apply as apply
from sooner.augmentation._base import unit_range as unit_range
from sooner.augmentation._make import make as make
from sooner.augmentation._make import names as names
from sooner.augmentation.alternating_flip import AlternatingFlip as AlternatingFlip
from sooner.augmentation.cutout import Cutout as Cutout
from sooner.augmentation.efficienttrain import EfficientTrain as EfficientTrain
from sooner.augmentation.flip import Flip as Flip
from sooner.augmentation.progressive_resizing import ProgressiveResizing as ProgressiveResizing
from sooner.augmentation.randaugment import RandAugment as RandAugment
from sooner.augmentation.translate import Translate as Translate
