"""The expected duration: the arithmetic on a small platform, the data file, and the bounds of the shipped ones."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from all_environments import environment_names, load

import settings
from tools.pages.critical_path import Schedule, Step, clock, duration_of, show
from tools.synthesized.platform import Platform, of_stacks, read
from tools.synthesized.resource_types import ResourceTypes, resource_types

_TYPES = ResourceTypes.model_validate(
    {
        "default": {"expected": 1, "range": [1, 2], "source": "default"},
        "stack": {"expected": 10, "range": [5, 20], "source": "logs"},
        "sources": {},
        "types": {
            "aws_lb": {
                "durations": [
                    {"when": {"internal": True}, "expected": 100, "range": [90, 110], "source": "logs"},
                    {"expected": 50, "range": [40, 60], "source": "logs"},
                ]
            },
            "aws_x": {
                "durations": [
                    {"when": {"group": "several"}, "expected": 30, "range": [30, 30], "source": "logs"},
                    {"when": {"size": "present"}, "expected": 20, "range": [20, 20], "source": "logs"},
                ]
            },
        },
    }
)


def synthesis(**stacks: tuple[tuple[str, ...], dict[str, Any]]) -> Platform:
    return of_stacks(
        "e",
        {name: {"resource": resources} for name, (_, resources) in stacks.items()},
        {name: needs for name, (needs, _) in stacks.items()},
    )


def test_the_path_follows_references_and_depends_on_within_a_stack() -> None:
    one = synthesis(
        one=(
            (),
            {
                "aws_lb": {"slow": {"internal": True}, "quick": {}},
                "aws_y": {"after": {"of": "${aws_lb.quick.arn}", "depends_on": ["aws_lb.slow"]}, "alone": {}},
            },
        )
    )

    assert Schedule(one, _TYPES).path() == [
        Step("one", "(terraform itself)", 0, 10),
        Step("one", "aws_lb.slow", 10, 100),
        Step("one", "aws_y.after", 110, 1),
    ]


def test_a_stack_starts_when_the_last_one_that_it_needs_is_done() -> None:
    three = synthesis(
        a=((), {"aws_lb": {"slow": {"internal": True}}}),
        b=((), {"aws_lb": {"quick": {}}}),
        c=(("a", "b"), {"aws_y": {"last": {}}}),
    )

    schedule = Schedule(three, _TYPES)

    assert (schedule.stack_start("b"), schedule.stack_end("b")) == (0, 60)
    assert (schedule.stack_start("c"), schedule.seconds) == (110, 121)
    assert [step.stack for step in schedule.path()] == ["a", "a", "c", "c"]
    assert Schedule(three, _TYPES, "shortest").seconds == 5 + 90 + 5 + 1
    assert Schedule(three, _TYPES, "longest").seconds == 20 + 110 + 20 + 2


def test_rows_are_chosen_by_arguments_and_company() -> None:
    together = synthesis(
        one=((), {"aws_x": {"a": {"group": "g"}, "b": {"group": "g"}, "c": {"group": "h", "size": 2}}})
    )

    assert [duration_of(resource, together, _TYPES).expected for resource in together.resources] == [30, 30, 20]
    assert [duration_of(resource, together, _TYPES).source for resource in together.resources] == ["logs"] * 3


def test_what_has_no_row_takes_the_stated_default() -> None:
    other = synthesis(one=((), {"aws_y": {"a": {}}}))

    assert duration_of(other.resources[0], other, _TYPES) == _TYPES.default


def test_every_row_is_within_its_range_and_has_a_source() -> None:
    types = resource_types()

    for name, type_ in types.types.items():
        for row in type_.durations:
            assert row.range[0] <= row.expected <= row.range[1], name
            assert row.source in types.sources, name


@pytest.mark.parametrize("environment", settings.environment_names())
def test_a_first_deployment_takes_no_longer_than_promised(app_outdir: Path, environment: str) -> None:
    schedule = Schedule(read(load(environment), app_outdir), resource_types())

    # Minutes. A second instance of Aurora waits for the first, whatever the tier.
    bound = 12 if load(environment).database.instances == 1 else 20
    assert schedule.seconds <= bound * 60, f"{clock(schedule.seconds)} min:\n" + "\n".join(map(str, schedule.path()))


@pytest.mark.parametrize("environment", environment_names())
def test_the_path_has_no_gap(app_outdir: Path, environment: str) -> None:
    schedule = Schedule(read(load(environment), app_outdir), resource_types())
    path = schedule.path()

    assert path[0].start == 0
    assert path[-1].end == schedule.seconds
    assert all(before.end == after.start for before, after in itertools.pairwise(path))


def test_the_path_is_printed(app_outdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    platform = read(load("iot-prod"), app_outdir)
    schedule = Schedule(platform, resource_types())

    show(platform)

    printed = capsys.readouterr().out
    assert "Critical path of a first deployment of iot-prod" in printed
    assert f"Expected: {clock(schedule.seconds)} min" in printed
    for stack in platform.stacks:
        times = re.escape(clock(schedule.stack_start(stack))), re.escape(clock(schedule.stack_end(stack)))
        assert re.search(f"│ +{times[0]} │ +{times[1]} │ {stack} ", printed), stack
