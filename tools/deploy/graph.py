"""Works through the stacks of an environment: each as soon as those it needs are done, siblings at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from typing import TypeVar

from tools.deploy import processes
from tools.synthesized.stacks import Stack

Result = TypeVar("Result")


def in_order(stacks: Sequence[Stack], work: Callable[[Stack], Result], *, at_once: int = 4) -> dict[str, Result]:
    """Do `work` for every stack, and return the results by name, in an order of the graph.

    A failure of `work` is raised when what is under way has ended; nothing else begins after it.
    """
    by_name = {stack.name: stack for stack in stacks}
    order = TopologicalSorter({stack.name: [name for name in stack.needs if name in by_name] for stack in stacks})
    order.prepare()
    results: dict[str, Result] = {}
    with ThreadPoolExecutor(at_once) as pool:
        running: dict[Future[Result], str] = {}
        try:
            while order.is_active():
                running |= {pool.submit(work, by_name[name]): name for name in order.get_ready()}
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    name = running.pop(future)
                    results[name] = future.result()
                    order.done(name)
        except BaseException as error:
            for future in running:
                future.cancel()
            if not isinstance(error, Exception):
                processes.end_terraforms()
            raise
    return results
