"""Reach your accuracy sooner, and prove it.

The published methods of efficient training, one by one, for any PyTorch loop, and a race that measures which of them
pays on your own data. Importing this loads torch and numpy alone; the race is in `sooner[race]`.
"""

from sooner._version import __version__ as __version__
from sooner.batch import Batch as Batch
from sooner.batch import Indexed as Indexed
from sooner.batch import collate as collate
from sooner.report import report as report
from sooner.sampling.permutation import Permutation as Permutation
