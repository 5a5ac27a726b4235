"""What the benchmarks use of the inside of sooner's race, imported in one place: none of it is public."""

from sooner.commands.compare import compare as compare_command
from sooner.racing.engines.local import LocalEngine
from sooner.racing.functions import Function
from sooner.racing.machine import describe as machine
from sooner.racing.plan.agenda import agenda as next_runs
from sooner.racing.plan.controls import spend
from sooner.racing.plan.fitted import SCAN, agenda, ends, name_at
from sooner.racing.plan.ladder import ladder
from sooner.racing.plan.lanes import PlannedLane, PlannedRun
from sooner.racing.plan.ordering import balanced_orders
from sooner.racing.plan.plan import Plan, make_plan, plan_entries
from sooner.racing.plan.rules import Rules
from sooner.racing.plan.stopping import standing
from sooner.racing.programs import Program, ProgramRuns
from sooner.racing.protocols import Runs
from sooner.racing.race import finished
from sooner.racing.race import results as race_results
from sooner.racing.race import run as run_race
from sooner.racing.race import start as start_race
from sooner.racing.recipes.assemble import Site, assemble, make_fabric
from sooner.racing.recipes.precision import choose
from sooner.racing.record import RunRecord as Record
from sooner.racing.runs import make_runs
from sooner.racing.scoring import per_seed, score
from sooner.racing.timing import run_of as timed_run
from sooner.reporting.checks import checks
from sooner.reporting.headlines import headlines
from sooner.reporting.notices import notice
from sooner.reporting.wording import verdict
from sooner.results.budgets import counted, frontier, smallest_budget
from sooner.results.final_metric import difference, finals
from sooner.results.looks import equal
from sooner.results.notices import RunRepeated, Told
from sooner.results.pooling import join
from sooner.results.records import SHARE, Comparison, Evaluation, Lane, Results, Run
from sooner.results.rescoring import compare_runs, compared, rescore
from sooner.results.trajectories import timed
from sooner.results.verdict import Finding, judge
from sooner.statistics.anywhere import level_anywhere
from sooner.statistics.comparison import compare, curve
from sooner.statistics.direction import lean_of
from sooner.statistics.expected_ratio import MIN_HITS, linearised
from sooner.statistics.family import fewest_pairs, share
from sooner.statistics.monotone import monotone
from sooner.statistics.noise import noise_of
from sooner.statistics.power import max_pairs_needed, pairs_needed
from sooner.statistics.selection import Selection, select
from sooner.statistics.sequential import levels, looks, settled
from sooner.statistics.signed_rank import ALPHA, MIN_PAIRS, null_cdf, signed_rank
from sooner.statistics.survival import survival
from sooner.statistics.times import Time, Trajectory

__all__ = [
    "ALPHA",
    "MIN_HITS",
    "MIN_PAIRS",
    "SCAN",
    "SHARE",
    "Comparison",
    "Evaluation",
    "Finding",
    "Function",
    "Lane",
    "LocalEngine",
    "Plan",
    "PlannedLane",
    "PlannedRun",
    "Program",
    "ProgramRuns",
    "Record",
    "Results",
    "Rules",
    "Run",
    "RunRepeated",
    "Runs",
    "Selection",
    "Site",
    "Time",
    "Told",
    "Trajectory",
    "agenda",
    "assemble",
    "balanced_orders",
    "checks",
    "choose",
    "compare",
    "compare_command",
    "compare_runs",
    "compared",
    "counted",
    "curve",
    "difference",
    "ends",
    "equal",
    "fewest_pairs",
    "finals",
    "finished",
    "frontier",
    "headlines",
    "join",
    "judge",
    "ladder",
    "lean_of",
    "level_anywhere",
    "levels",
    "linearised",
    "looks",
    "machine",
    "make_fabric",
    "make_plan",
    "make_runs",
    "max_pairs_needed",
    "monotone",
    "name_at",
    "next_runs",
    "noise_of",
    "notice",
    "null_cdf",
    "pairs_needed",
    "per_seed",
    "plan_entries",
    "race_results",
    "rescore",
    "run_race",
    "score",
    "select",
    "settled",
    "share",
    "signed_rank",
    "smallest_budget",
    "spend",
    "standing",
    "start_race",
    "survival",
    "timed",
    "timed_run",
    "verdict",
]
