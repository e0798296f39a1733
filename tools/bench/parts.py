"""What can be measured, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from tools.bench import growth, layers, platforms, profile, rotation, stock, waits

Values = dict[str, Any]


def _no_limit(_: Values) -> list[str]:
    return []


@dataclass(frozen=True)
class Part:
    """One measurement: `about` is what the page says of it, `takes` how long it takes on two idle cores."""

    title: str
    about: str
    takes: str
    measured: Callable[[], Values]
    page: Callable[[Values], list[str]]
    exceeded: Callable[[Values], list[str]] = _no_limit


PARTS = {
    "stock": Part(
        "Synthesis",
        "Both warm, in turn: all stacks of all shipped environments, beside a program with one VPC that imports the\n"
        "provider's package as tutorials do. Why it is quicker: [decision 2](decisions/2-lazy-import.md).",
        "3 minutes",
        stock.measured,
        stock.page,
        stock.exceeded,
    ),
    "profile": Part(
        "Whose time it is",
        "The same synthesis, looked at every 2 milliseconds. Node.js is the waiting for jsii, one call for each\n"
        "resource and each attribute that is read. Libraries are mostly jsii's Python side, which checks types at\n"
        "every call. What the project itself does, zip and settings included, would gain nothing by being quicker.",
        "half a minute",
        profile.measured,
        profile.page,
        profile.exceeded,
    ),
    "environments": Part(
        "Growth by environments",
        "Copies of the largest shipped environment, each with its own settings file, name and network; all stacks of\n"
        "all of them in one process.",
        "5 minutes",
        partial(growth.measured, growth.write_environments, growth.ENVIRONMENTS),
        partial(growth.page, unit="environment"),
        partial(growth.exceeded, unit="environment"),
    ),
    "routes": Part(
        "Growth by routes",
        "One environment, all stacks, whose API has that many routes of two methods each.",
        "1 minute",
        partial(growth.measured, growth.write_routes, growth.ROUTES),
        partial(growth.page, unit="route"),
        partial(growth.exceeded, unit="route"),
    ),
    "rotation": Part(
        "The rotation function",
        "Against a real PostgreSQL with TLS and an emulated Secrets Manager on the same machine, two users in turn.",
        "1 minute",
        rotation.measured,
        rotation.page,
    ),
    "tests": Part(
        "Tests: `make test`",
        "Warm. Terraform's layer runs beside the other two. What tests share is counted at the first that needs it,\n"
        "and pytest's own start with the layer.",
        "7 minutes",
        layers.measured_test,
        partial(layers.page, total="make test"),
        layers.exceeded,
    ),
    "emulator-tests": Part(
        "Tests: `make test-emulator`",
        "Both at once, as `make` runs them: mostly they wait.",
        "25 minutes",
        layers.measured_emulator,
        partial(layers.page, total="make test-emulator"),
    ),
    "deployment": Part(
        "A local deployment",
        "How much of it is the AWS provider's own waiting. " + (waits.__doc__ or "").partition("\n\n")[2].strip(),
        "8 minutes",
        partial(platforms.measured, "iot-dev"),
        platforms.page,
    ),
}
# What `make bench` measures when nothing is named.
QUICK = ("stock", "profile", "environments", "routes", "rotation")
