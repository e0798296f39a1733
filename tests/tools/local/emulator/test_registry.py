"""How additions are put in place, tried on classes that stand for other versions of moto."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.local.emulator import registry

_ROOT = Path(__file__).resolve().parents[4]


class Moto:
    """A class of moto's: two methods and a property."""

    def known(self, value: int, extra: int = 0) -> int:
        return value + extra

    def open(self, first: int, **others: int) -> tuple[int, dict[str, int]]:
        return first, others

    @property
    def state(self) -> str:
        return "stock"


@pytest.fixture(autouse=True)
def moto(monkeypatch: pytest.MonkeyPatch) -> type[Any]:
    """A class that one test may change; what is noted while it does."""
    monkeypatch.setattr(registry, "notes", [])
    members = {name: Moto.__dict__[name] for name in ("known", "open", "state")}
    return type("Moto", (), {**members, "__module__": "moto.test"})


def test_missing_method_and_property_are_added(moto: type[Any]) -> None:
    other = type("Other", (), {})

    @registry.add(moto, other)
    def missing(self: Any) -> int:
        return 2

    @registry.add(moto, as_property=True)
    def attribute(self: Any) -> str:
        return str(self.state)

    assert registry.notes == []
    assert moto().missing() == other().missing() == 2
    assert moto().attribute == "stock"


def test_method_that_moto_now_has_is_left_alone_and_named(moto: type[Any]) -> None:
    @registry.add(moto)
    def known(self: Any) -> int:
        return -1

    assert registry.notes == ["moto.test.Moto.known: moto now has it, the addition is left out"]
    assert moto().known(1) == 1


def test_changed_method_gets_its_arguments_by_name(moto: type[Any]) -> None:
    @registry.extend(moto, because="return")
    def known(stock: Any, self: Any, value: int, **rest: int) -> tuple[int, dict[str, int]]:
        return stock(self, value, **rest) * 10, rest

    @registry.extend(moto, "open", because="return")
    def opened(stock: Any, self: Any, **rest: int) -> Any:
        return stock(self, **rest), rest

    assert moto().known(1, 2) == (30, {"extra": 2})
    assert moto().open(1, more=2) == ((1, {"more": 2}), {"first": 1, "more": 2})


def test_property_can_be_changed_and_a_method_twice(moto: type[Any]) -> None:
    @registry.extend(moto, because="return")
    def state(stock: Any, self: Any) -> str:
        return f"not {stock(self)}"

    for factor in (10, 3):

        @registry.extend(moto, because="return")
        def known(stock: Any, self: Any, value: int, extra: int = 0, factor: int = factor) -> int:
            return int(stock(self, value, extra) * factor)

    assert moto().state == "not stock"
    assert moto().known(1, 1) == 60


def test_behaviour_that_moto_now_has_is_left_alone_and_named(moto: type[Any]) -> None:
    @registry.extend(moto, unless="extra")
    def known(stock: Any, self: Any, value: int, extra: int = 0) -> int:
        return -1

    assert registry.notes == ["moto.test.Moto.known: moto now handles extra, the addition is left out"]
    assert moto().known(1) == 1


def test_defect_that_moto_no_longer_has_is_named(moto: type[Any]) -> None:
    @registry.extend(moto, because="value - extra")
    def known(_: Any, self: Any, value: int, extra: int = 0) -> int:
        return -1

    note = "moto.test.Moto.known: moto no longer has 'value - extra'; see whether the addition is still needed"
    assert registry.notes == [note]
    assert moto().known(1) == -1


def test_change_must_say_how_to_notice_that_it_is_needless(moto: type[Any]) -> None:
    with pytest.raises(ValueError, match="either unless or because"):
        registry.extend(moto)


def _notes(before: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: additions are made once."""
    script = f"{before}; from tools.local.emulator import additions, registry; additions.apply(); print(registry.notes)"
    return subprocess.run([sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=False)


def test_all_additions_fit_the_installed_moto_and_are_needed() -> None:
    done = _notes("pass")
    assert done.stdout == "[]\n", done.stderr


def test_other_version_of_moto_is_named() -> None:
    note = f"the additions were tested with moto {registry.TESTED_VERSION}, this is 6.0.0"
    assert note in _notes("import moto; moto.__version__ = '6.0.0'").stdout


def test_change_to_a_method_that_has_gone_is_refused(moto: type[Any]) -> None:
    with pytest.raises(registry.MotoChangedError, match=r"moto\.test\.Moto\.gone: moto .* no longer has it"):

        @registry.extend(moto, because="return")
        def gone(stock: Any, self: Any) -> None: ...


def test_change_to_a_method_with_other_parameters_is_refused(moto: type[Any]) -> None:
    with pytest.raises(registry.MotoChangedError, match=r"calls it with \['value', 'extra'\].*'extra'"):

        @registry.extend(moto, because="return")
        def known(stock: Any, self: Any, value: int) -> None: ...


def test_renamed_parameter_is_refused_even_where_the_rest_is_open(moto: type[Any]) -> None:
    with pytest.raises(registry.MotoChangedError, match="number"):

        @registry.extend(moto, because="return")
        def known(stock: Any, self: Any, number: int, **rest: Any) -> None: ...
