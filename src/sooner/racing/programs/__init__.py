"""Any program as a lane of a race: its command line, how its metric is read, and the processes it starts."""

from sooner.racing.programs.program import Program as Program
from sooner.racing.programs.runs import ProgramRuns as ProgramRuns
