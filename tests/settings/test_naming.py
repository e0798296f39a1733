"""Properties of the names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from settings.naming import LONGEST_SHORT_PURPOSE, SHORTEST_LIMIT, Naming

projects = st.from_regex(r"[a-z][a-z0-9]{1,11}", fullmatch=True)
stages = st.from_regex(r"[a-z][a-z0-9]{1,7}", fullmatch=True)
suffixes = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,5})?", fullmatch=True)
purposes = st.sampled_from(["state", "redis", "entry", "vpc-flow", "private-ca-central-1a", "service", "ecr.api"])


def test_names_end_with_the_environments_suffix() -> None:
    assert Naming("iot", "dev").name("redis") == "iot-redis-dev"
    assert Naming("iot", "dev", "pr-12").name("redis") == "iot-redis-dev-pr-12"
    assert Naming("iot", "dev").path("vpc-flow") == "/iot/dev/vpc-flow"
    assert Naming("iot", "dev", "pr-12").path("vpc-flow") == "/iot/dev-pr-12/vpc-flow"
    assert Naming("iot", "dev", "pr-12").environment == "iot-dev-pr-12"


@given(projects, stages, suffixes, purposes, purposes)
def test_a_copy_shares_no_name_with_its_original(
    project: str, stage: str, suffix: str, purpose: str, other: str
) -> None:
    original, copy = Naming(project, stage), Naming(project, stage, suffix)

    assert copy.environment != original.environment
    assert copy.name(purpose) != original.name(other)
    assert copy.path(purpose) != original.path(other)


@given(projects, stages, suffixes, suffixes, purposes, purposes)
def test_two_copies_share_no_name(
    project: str, stage: str, suffix: str, other_suffix: str, purpose: str, other: str
) -> None:
    one, two = Naming(project, stage, suffix), Naming(project, stage, other_suffix)

    if suffix != other_suffix:
        assert one.path(purpose) != two.path(other)
        assert one.name(purpose) != two.name(purpose)


@given(projects, stages, stages, purposes, purposes)
def test_two_stages_of_a_project_share_no_name(
    project: str, stage: str, other_stage: str, purpose: str, other: str
) -> None:
    if stage != other_stage:
        assert Naming(project, stage).name(purpose) != Naming(project, other_stage).name(other)
        assert Naming(project, stage).path(purpose) != Naming(project, other_stage).path(other)


@given(projects, stages, purposes, purposes)
def test_one_environment_has_one_name_for_each_purpose(project: str, stage: str, purpose: str, other: str) -> None:
    names = Naming(project, stage)

    assert (names.name(purpose) == names.name(other)) == (purpose == other)


@given(projects, stages)
def test_the_longest_project_and_stage_fit_a_load_balancers_name(project: str, stage: str) -> None:
    assert len(Naming(project, stage).name(LONGEST_SHORT_PURPOSE)) <= SHORTEST_LIMIT


@given(projects, stages, suffixes)
def test_an_environments_name_reads_back(project: str, stage: str, suffix: str) -> None:
    assert Naming(project, stage, suffix).environment.split("-", 2) == [project, stage, suffix]
