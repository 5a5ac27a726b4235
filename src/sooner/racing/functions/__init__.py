"""Any Python function as a lane of a race: what it is, and how it is run and timed."""

from sooner.racing.functions.function import Function as Function
from sooner.racing.functions.runs import FunctionRuns as FunctionRuns
