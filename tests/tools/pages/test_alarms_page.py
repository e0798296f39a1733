"""The page of alarms is that of the synthesized JSON."""

from __future__ import annotations

from pathlib import Path

import pytest
from synthesized import read_stack

from settings import environment_names, load
from tools.pages import alarms
from tools.synthesized.platform import read


@pytest.fixture
def page(app_outdir: Path) -> str:
    return alarms.tables([read(load(name), app_outdir) for name in environment_names()])


def test_every_alarm_of_every_environment_stands_on_the_page(app_outdir: Path, page: str) -> None:
    rows = [line for line in page.splitlines() if line.startswith("| `")]

    for column, environment in enumerate(environment_names(), start=3):
        names = load(environment).names
        made = {
            alarm["alarm_name"]
            for stack in (app_outdir / "stacks").glob(f"{environment}-*")
            for alarm in read_stack(app_outdir, stack.name).all("aws_cloudwatch_metric_alarm")
            if alarm.get("alarm_actions")  # those of deployments tell nobody but ECS
        }
        shown = {names.name(row.split("`")[1]) for row in rows if row.split("|")[column].strip() != "none"}
        assert shown == made, environment


def test_thresholds_differ_by_environment_as_the_json_does(page: str) -> None:
    (row,) = (line for line in page.splitlines() if line.startswith("| `database-cpu`"))

    shown = dict(zip(environment_names(), (cell.strip() for cell in row.split("|")[3:]), strict=False))
    assert (shown["iot-dev"], shown["iot-prod"]) == ("> 90 for 15 min", "> 80 for 5 min")
    assert (shown["globecart-dev"], shown["globecart-prod"]) == ("> 90 for 15 min", "> 80 for 5 min")


def test_silence_that_is_a_fault_is_said(page: str) -> None:
    (age,) = (line for line in page.splitlines() if line.startswith("| `rotation-age`"))
    assert "> 35 for 2,880 min, or silence" in age
    assert "**critical**" in age
