"""Any Python function as a lane of a race: what it is, how it is run and timed, and the call that races several."""

from sooner.commands.race_functions import race as race
from sooner.commands.race_result import RaceResult as RaceResult
from sooner.racing.functions.function import Function as Function
from sooner.racing.functions.runs import FunctionRuns as FunctionRuns
