"""What `make bench` measures with is right: the written settings, the arithmetic, and what the page says of each."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from settings import Environment, environment_names, load
from settings.loader import DIRECTORY
from tests.benchmarks import bench_growth, bench_local, bench_stock

ROOT = Path(__file__).parents[2]


def written(folder: Path, write: Callable[[Path, int], None], count: int) -> list[Environment]:
    shutil.copytree(DIRECTORY / "tiers", folder / "tiers")
    write(folder, count)
    return [load(name, directory=folder) for name in environment_names(folder)]


def test_environments_have_names_and_networks_of_their_own(tmp_path: Path) -> None:
    environments = written(tmp_path, bench_growth.write_environments, 12)

    assert len({environment.name for environment in environments}) == 12
    assert len({environment.network.cidr for environment in environments}) == 12


def test_an_environment_has_as_many_routes_as_asked(tmp_path: Path) -> None:
    (environment,) = written(tmp_path, bench_growth.write_routes, max(bench_growth.ROUTES))

    assert [route.methods for route in environment.api.routes] == [("GET", "POST")] * 300


@pytest.mark.parametrize(
    ("times", "whole", "added"),
    [((4.0, 13.0, 53.0), 1.06 / 1.3, 1.0), ((4.0, 13.0, 65.0), 1.0, 1.3), ((0.1, 10.0, 61.0), 1.22, 1.159)],
)
def test_each_of_the_whole_and_each_that_is_added_are_compared(
    times: tuple[float, ...], whole: float, added: float
) -> None:
    found = bench_growth.growths(dict(zip(bench_growth.ENVIRONMENTS, times, strict=True)))

    assert found == {"whole": pytest.approx(whole), "added": pytest.approx(added, abs=0.001)}


def test_a_pause_is_what_the_quickest_of_a_type_took() -> None:
    log = """\
iot-dev-network  aws_vpc.vpc_1 (network/vpc): Creating...
                 aws_kms_key.key_1 (logs-key/key): Still creating... [10s elapsed]
                 aws_vpc.vpc_1 (network/vpc): Creation complete after 11s [id=vpc-1]
                 aws_kms_alias.alias_1 (logs-key/alias): Creation complete after 12s [id=alias/x]
                 aws_kms_key.key_1 (logs-key/key): Creation complete after 17s [id=k]
iot-dev-data  aws_kms_key.key_2 (key/key): Creation complete after 13s [id=l]
              aws_kms_alias.alias_2 (key/alias): Creation complete after 1s [id=alias/y]
              aws_lambda_invocation.preflight_1 (rotation/preflight): Creation complete after 9s [id=f]
              aws_lb.lb_1 (entry/lb): Creation complete after 1m5s [id=m]
"""

    # The alias waited once for something else, and the invocation works.
    assert bench_local.pauses(log) == {"aws_kms_key": 13, "aws_lb": 65, "aws_vpc": 11}


def test_the_page_names_every_benchmark_and_limit() -> None:
    page = " ".join((ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8").split())
    found = {file.stem.removeprefix("bench_") for file in (ROOT / "tests").glob("*/bench_*.py")}

    assert found == {"growth", "local", "rotation", "stock"}
    assert not [what for what in found if f"`make bench WHAT={what}`" not in page]
    for limit in (
        bench_stock.RATIO_LIMIT,
        f"{bench_stock.MEMORY_LIMIT_MIB} MiB",
        f"{bench_growth.GROWTH_LIMIT - 1:.0%}",
    ):
        assert f"at most {limit}" in page
