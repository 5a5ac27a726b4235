"""The runs of a race on many machines, by Ray. Needs the extra `ray`."""

import os

from sooner._extras import pip_install
from sooner.errors import SoonerError

# Ray reads these once, when it is imported or starts a node. What it writes about itself to stdout would tear the
# race's own display; what matters of it becomes a note of the race. Its workers are nice (15) otherwise, and whatever
# else a machine does would be seen in their times.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")
os.environ.setdefault("RAY_worker_niceness", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

try:
    import ray as ray
except ImportError as error:
    raise SoonerError(f"--engine ray needs Ray, which is not installed here: {pip_install('ray')}") from error

from sooner.racing.engines.ray.engine import RayEngine as RayEngine
