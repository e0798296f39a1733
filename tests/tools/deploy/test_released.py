"""A release as a person types it: the image alone, in seconds, beside the deployment of everything; and back."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.tools.deploy.walked import NAME, Walked, walked

pytestmark = [pytest.mark.emulator, pytest.mark.long, pytest.mark.timeout(3600)]

SERVICE = "walk-service-prod"
# All outside of ECR: the execution role may pull from the repository of an image in it, which would be one more change.
FIRST, SECOND = (f"registry.example.com/shop:{tag}" for tag in (1, 2))
CANNOT_BE_PULLED, GREEDY = "registry.invalid/shop:3", "registry.test/shop:4"
MOST_SECONDS = 30


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    with walked(tmp_path_factory.mktemp("release")) as made:
        made.set("service", "image", FIRST)
        made.set("service", "rollback_on_alarm", True)
        yield made


@pytest.fixture(scope="module")
def deployed(platform: Walked) -> float:
    """The seconds that the deployment of everything took."""
    platform.make("bootstrap", "--approve")
    started = time.monotonic()
    platform.make("deploy", "--approve")
    return time.monotonic() - started


def _runs(platform: Walked) -> str:
    """The image of the tasks."""
    ecs = platform.client("ecs")
    (service,) = ecs.describe_services(cluster=SERVICE, services=[SERVICE])["services"]
    definition: Any = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    assert (definition["status"], service["runningCount"]) == ("ACTIVE", service["desiredCount"])
    return str(definition["containerDefinitions"][0]["image"])


def _names(platform: Walked) -> str:
    """The image in the environment's file."""
    (line,) = (
        line
        for line in (platform.root / "environments" / f"{NAME}.toml").read_text().splitlines()
        if line.startswith("image = ")
    )
    return line.partition('"')[2].rstrip('"')


def test_a_release_changes_the_image_in_seconds(
    platform: Walked, deployed: float, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN everything deployed, which took its time
    assert _runs(platform) == FIRST

    # WHEN another image is released
    busy = os.getloadavg()[0] > 2 * (os.cpu_count() or 1)  # by others: both take several times as long
    started = time.monotonic()
    said = platform.make("release", "--image", SECOND, "--approve")
    released = time.monotonic() - started

    # THEN it runs, the file names it, and nothing is left to do in any stack
    with capsys.disabled():
        print(f"\n\n| everything deployed | one image released |\n|---|---|\n| {deployed:.0f} s | {released:.0f} s |\n")
    assert f"{SERVICE}: {FIRST} -> {SECOND}" in said
    assert (_runs(platform), _names(platform)) == (SECOND, SECOND)
    assert platform.plans() == {}
    assert released < (deployed / 2 if busy else MOST_SECONDS)


@pytest.mark.parametrize("image", [CANNOT_BE_PULLED, GREEDY])
def test_a_refused_image_goes_back(platform: Walked, deployed: float, image: str) -> None:
    running = _runs(platform)

    # WHEN its tasks do not start, or an alarm of the service goes on
    said = platform.make("release", "--image", image, "--approve", fails=True)

    # THEN the release fails and says so; what ran before runs, in the file, in the state and on AWS
    assert f"{image} was not released" in said
    assert "ECS rolled back" in said
    assert (_runs(platform), _names(platform)) == (running, running)
    assert platform.plans(f"{NAME}-service") == {}
    images = {
        platform.client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]["containerDefinitions"][
            0
        ]["image"]
        for arn in platform.client("ecs").list_task_definitions(familyPrefix=SERVICE, status="ACTIVE")[
            "taskDefinitionArns"
        ]
    }
    assert images == {running}
