"""Integrations: a sampler in other people's loops. Importing this loads no framework; each adapter loads its own.

`guard` is for a plain loop; `sooner.integrations.accelerate`, `.lightning` and `.transformers` are for those.
"""

from sooner.integrations._guard import Guarded as Guarded
from sooner.integrations._guard import guard as guard
from sooner.integrations._watch import SamplerReplaced as SamplerReplaced
