"""The start-up check, tried on classes that stand for other versions of moto."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import moto
import pytest

from tools.local.emulator import registry

_ROOT = Path(__file__).resolve().parents[4]


class Moto:
    """A class of moto's: two methods and a property."""

    def known(self, value: int, extra: int = 0) -> int:
        return value + extra

    @property
    def state(self) -> str:
        return "stock"


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch) -> type[Moto]:
    """No declared additions, and a class that one test may change."""
    monkeypatch.setattr(registry, "_additions", [])
    monkeypatch.setattr(moto, "__version__", registry.TESTED_VERSION)
    members = {"known": Moto.known, "state": Moto.state}
    return type("Moto", (), {**members, "__module__": "moto.test"})


def test_missing_method_and_property_are_added(declared: type[Any]) -> None:
    @registry.add(declared)
    def missing(self: Any) -> int:
        return int(self.known(1)) + 1

    @registry.add(declared, as_property=True)
    def attribute(self: Any) -> str:
        return str(self.state)

    assert registry.apply() == []
    assert declared().missing() == 2
    assert declared().attribute == "stock"


def test_method_that_moto_now_has_is_left_alone_and_named(declared: type[Any]) -> None:
    @registry.add(declared)
    def known(self: Any) -> int:
        return -1

    assert registry.apply() == ["moto.test.Moto.known: moto now has it, the addition is left out"]
    assert declared().known(1) == 1


def test_changed_method_gets_its_arguments_by_name(declared: type[Any]) -> None:
    @registry.extend(declared, because="return")
    def known(stock: Any, self: Any, value: int, **rest: int) -> tuple[int, dict[str, int]]:
        return stock(self, value, **rest) * 10, rest

    registry.apply()
    assert declared().known(1, 2) == (30, {"extra": 2})


def test_property_can_be_changed_and_method_replaced(declared: type[Any]) -> None:
    @registry.extend(declared, because="return")
    def state(stock: Any, self: Any) -> str:
        return f"not {stock(self)}"

    @registry.replace(declared, because="return")
    def known(self: Any, value: int, extra: int = 0) -> str:
        return "replaced"

    registry.apply()
    assert declared().state == "not stock"
    assert declared().known(1) == "replaced"


def test_behaviour_that_moto_now_has_is_left_alone_and_named(declared: type[Any]) -> None:
    @registry.extend(declared, unless="extra")
    def known(stock: Any, self: Any, value: int, extra: int = 0) -> int:
        return -1

    assert registry.apply() == ["moto.test.Moto.known: moto now handles extra, the addition is left out"]
    assert declared().known(1) == 1


def test_defect_that_moto_no_longer_has_is_named(declared: type[Any]) -> None:
    @registry.replace(declared, because="value - extra")
    def known(self: Any, value: int, extra: int = 0) -> int:
        return -1

    note = "moto.test.Moto.known: moto no longer has 'value - extra'; see whether the addition is still needed"
    assert registry.apply() == [note]
    assert declared().known(1) == -1


def test_change_must_say_how_to_notice_that_it_is_needless(declared: type[Any]) -> None:
    with pytest.raises(ValueError, match="either unless or because"):
        registry.extend(declared)


def test_all_additions_fit_the_installed_moto_and_are_needed() -> None:
    """In a process of its own: additions are declared and made once."""
    script = "from tools.local.emulator import additions, registry; print(registry.apply())"
    done = subprocess.run([sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr


def test_change_to_a_method_that_has_gone_is_refused(declared: type[Any]) -> None:
    @registry.extend(declared, because="return")
    def gone(stock: Any, self: Any) -> None: ...

    with pytest.raises(registry.MotoChangedError, match=r"moto\.test\.Moto\.gone: moto .* no longer has it"):
        registry.apply()


def test_change_to_a_method_with_other_parameters_is_refused(declared: type[Any]) -> None:
    @registry.extend(declared, because="return")
    def known(stock: Any, self: Any, value: int) -> None: ...

    with pytest.raises(registry.MotoChangedError, match=r"\['self', 'value'\].*\['extra', 'self', 'value'\]"):
        registry.apply()


def test_renamed_parameter_is_refused_even_where_the_rest_is_open(declared: type[Any]) -> None:
    @registry.extend(declared, because="return")
    def known(stock: Any, self: Any, number: int, **rest: Any) -> None: ...

    with pytest.raises(registry.MotoChangedError, match="number"):
        registry.apply()


def test_other_version_of_moto_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moto, "__version__", "6.0.0")
    assert registry.apply() == [f"the additions were tested with moto {registry.TESTED_VERSION}, this is 6.0.0"]
