"""The settings that are written for the measurement are valid and different; growth beyond the limit is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from settings import Environment, environment_names, load
from settings.loader import DIRECTORY
from tools.bench import growth, measure


def written(folder: Path, write: Callable[[Path, int], None], count: int) -> list[Environment]:
    shutil.copytree(DIRECTORY / "tiers", folder / "tiers")
    write(folder, count)
    return [load(name, directory=folder) for name in environment_names(folder)]


def measured(*times: float) -> dict[int, measure.Synthesis]:
    return {n: measure.Synthesis(time, time, 110, 200) for n, time in zip((1, 10, 50), times, strict=True)}


def test_environments_have_names_and_networks_of_their_own(tmp_path: Path) -> None:
    environments = written(tmp_path, growth.write_environments, 12)

    assert len({environment.name for environment in environments}) == 12
    assert len({environment.network.cidr for environment in environments}) == 12


def test_an_environment_has_as_many_routes_as_asked(tmp_path: Path) -> None:
    (environment,) = written(tmp_path, growth.write_routes, max(growth.ROUTES))

    assert [route.methods for route in environment.api.routes] == [("GET", "POST")] * 300


def test_a_straight_line_holds() -> None:
    rows = measured(4.0, 13.0, 53.0)

    assert growth.growths(rows) == {"whole": pytest.approx(1.06 / 1.3), "added": pytest.approx(1.0)}
    assert growth.exceeded(rows, "environment") == []
    assert "| 10 | 13.0 s | 13.0 s | 1300 ms | 110 MiB | 200 MiB |" in growth.table(rows, "environment")
    assert growth.table(rows, "environment")[-1].endswith("changes by -18% (whole) and +0% (added).")


def test_what_the_start_would_hide_is_refused() -> None:
    # Each of the whole is as before, those added take 1.3 times as long.
    assert growth.exceeded(measured(4.0, 13.0, 65.0), "environment") == [
        "from 10 to 50 environments the time for each grows 1.30 times (added); at most 1.2"
    ]


def test_each_of_the_whole_is_limited_too() -> None:
    assert growth.exceeded(measured(0.1, 10.0, 61.0), "environment")[0] == (
        "from 10 to 50 environments the time for each grows 1.22 times (whole); at most 1.2"
    )
