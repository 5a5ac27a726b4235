"""The workers of a race: one for each share of each node, started where nodes join, gone where nodes are lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from sooner.errors import DataError
from sooner.racing.engines.ray.cluster import Devices, Node, Share, nodes, shares
from sooner.racing.engines.ray.worker import Found, Job, Worker
from sooner.racing.plan.plan import mismatch
from sooner.tasks import Data

HARDWARE = ("cpu", "accelerator")  # may differ from pair to pair; all else must be as the race was planned
_LOOK_EVERY = 2.0  # seconds between looks at which nodes there are
_CALLS = 3  # at once: the run, the wait for its next save, and the request to stop


@dataclass(frozen=True, eq=False)
class Crew:
    """A worker on its share of a node.

    Attributes:
        node: where it is.
        handle: Ray's, of an actor of class `Worker`.
        alone: whether the node is its alone; where it is not, the energy that the node counts is not its own.
        kind: of machine, once it is known.
    """

    node: Node
    handle: Any
    alone: bool
    kind: str = ""

    @property
    def host(self) -> str:
        """The machine as the race's records name it."""
        return f"{self.node.name} ({self.kind})"


class Fleet:
    """Starts workers wherever there is room, and says which are ready.

    A node where sooner, Ray or the data are not as they were where the race was planned is refused: its runs would not
    be like the others. Its hardware may differ, since every pair stays on one kind.

    Args:
        job: what the workers need to know.
        data: sent to them; None where they load it themselves.
        devices: what a run needs of a node.

    Attributes:
        ready: workers that are free, or that make runs.
        refused: why a node takes no part, by its name.
        started: whether any worker has ever been ready.
    """

    def __init__(self, job: Job, data: Data | None, devices: Devices) -> None:
        self.ready: list[Crew] = []
        self.refused: dict[str, str] = {}
        self.started = False
        self._plan = job.plan
        self._devices = devices
        self._job, self._data = ray.put(job), ray.put(data)
        self._starting: dict[ray.ObjectRef[Found], Crew] = {}
        self._refused: set[str] = set()  # by id: a node that was mended and joins again is a new one
        self._looked = float("-inf")

    @property
    def starting(self) -> list[Any]:
        """What becomes ready when a worker may have: to wait for."""
        return list(self._starting)

    def refresh(self) -> None:
        """Take in the workers that have become ready, and from time to time the nodes that have come or gone."""
        if self._starting:
            for ref in ray.wait(self.starting, num_returns=len(self._starting), timeout=0)[0]:
                self._settle(self._starting.pop(ref), ref)
        if monotonic() - self._looked >= _LOOK_EVERY:
            self._look()
            self._looked = monotonic()

    def _look(self) -> None:
        alive = {node.id: node for node in nodes()}
        self.ready = [crew for crew in self.ready if crew.node.id in alive]
        for node in alive.values():
            divided = shares(node, self._plan.threads, self._devices) if node.id not in self._refused else []
            there = sum(crew.node.id == node.id for crew in (*self.ready, *self._starting.values()))
            for share in divided[there:]:
                self._start(node, share, alone=len(divided) == 1)

    def _start(self, node: Node, share: Share, *, alone: bool) -> None:
        made = ray.remote(Worker).options(
            num_cpus=share.cores,
            num_gpus=share.devices,
            max_concurrency=_CALLS,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node.id, soft=False),
        )
        handle: Any = made.remote(self._job)
        self._starting[handle.prepare.remote(self._data)] = Crew(node, handle, alone)

    def _settle(self, crew: Crew, ref: Any) -> None:
        try:
            found: Found = ray.get(ref)
        except RayTaskError as error:
            self._refuse(crew, self._advice(error.cause))
        except RayActorError as error:
            if "node has died" not in str(error) and not isinstance(error, ray.exceptions.ActorUnavailableError):
                self._refuse(crew, f"its worker could not be started: {_last_line(str(error))}")
        except RayError:
            pass  # lost on the way; the next look starts another
        else:
            differs = mismatch(_comparable(self._plan.environment), _comparable(found.environment))
            if differs:
                self._refuse(crew, "; ".join(differs))
            elif crew.node.id not in self._refused:
                self.ready.append(replace(crew, kind=found.kind))
                self.started = True

    def _advice(self, cause: BaseException) -> str:
        said = _last_line(str(cause))
        if isinstance(cause, DataError):
            return f"{said}. Put {self._plan.task.data} where every node finds it: at the same path, or by a hub's name"
        return f"{type(cause).__name__}: {said}"

    def _refuse(self, crew: Crew, why: str) -> None:
        self._refused.add(crew.node.id)
        self.refused[crew.node.name] = why
        ray.kill(crew.handle)

    def lose(self, crew: Crew) -> None:
        """Do without a worker that failed; the next look at the nodes starts another in its place."""
        self.ready = [other for other in self.ready if other is not crew]
        ray.kill(crew.handle)  # where it is cut off rather than gone, it must not train on
        self._looked = float("-inf")

    def close(self) -> None:
        """End all workers."""
        if not ray.is_initialized():
            return  # the cluster went first, and they with it
        for crew in (*self.ready, *self._starting.values()):
            ray.kill(crew.handle)
        self.ready, self._starting = [], {}

    def shortage(self) -> str:
        """Why there is no worker, as far as known."""
        need = "a device" if self._devices == "needed" else f"cores: {self._plan.threads} (--threads)"
        lines = [f"  {name}: {why}" for name, why in sorted(self.refused.items())]
        for node in nodes():
            if node.id not in self._refused and not shares(node, self._plan.threads, self._devices):
                lines.append(f"  {node.name}: cores: {node.cores}, devices: {node.devices}; a run needs {need}")
        return "\n".join(lines)


def _comparable(environment: Mapping[str, Any]) -> dict[str, Any]:
    # What a function's source is is not known where it was sent to, and it was sent as it is.
    return {key: value for key, value in environment.items() if key not in (*HARDWARE, "functions")}


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no reason given")
