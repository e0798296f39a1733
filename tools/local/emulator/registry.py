"""How additions are put into moto, and how it is noticed that moto has changed under them.

moto is used as released, never forked. Each addition is declared beside its reason and put in place at
start-up by `apply()`: one that the installed moto has made needless is left out with a warning, and one that
no longer fits stops the emulator, since running without it would end in a plan that is never empty or in a
provider that retries for minutes.
"""

import functools
import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import moto

from tools.synthesized.errors import ToolError

TESTED_VERSION = "5.2.5"

_log = logging.getLogger(__name__)

Member = TypeVar("Member", bound=Callable[..., Any])


class MotoChangedError(ToolError):
    """The installed moto no longer has the shape that an addition was written for."""


def _by_name(call: inspect.BoundArguments) -> dict[str, Any]:
    """The arguments of a call after the first: moto passes many by position, an addition knows them by
    name.
    """
    arguments: dict[str, Any] = {}
    for name, value in list(call.arguments.items())[1:]:
        kind = call.signature.parameters[name].kind
        arguments |= value if kind is inspect.Parameter.VAR_KEYWORD else {name: value}
    return arguments


@dataclass(frozen=True)
class Addition:
    kind: Literal["add", "extend", "replace"]
    owner: type
    name: str
    member: Any
    unless: str | None = None
    because: str | None = None

    def __str__(self) -> str:
        return f"{self.owner.__module__}.{self.owner.__name__}.{self.name}"

    def apply(self) -> str | None:
        """Put the addition in place; or leave moto as it is and return the reason."""
        if self.kind != "add":
            return self._change()
        if hasattr(self.owner, self.name):
            return f"{self}: moto now has it, the addition is left out"
        setattr(self.owner, self.name, self.member)
        return None

    def _change(self) -> str | None:
        stock = self.owner.__dict__.get(self.name)
        if stock is None:
            raise MotoChangedError(f"{self}: moto {moto.__version__} no longer has it; review the addition")
        function: Any = stock.fget if isinstance(stock, property) else stock
        source = inspect.getsource(function)
        if self.unless and self.unless in source:
            return f"{self}: moto now handles {self.unless}, the addition is left out"
        self._check_parameters(function)
        given = (function,) if self.kind == "extend" else ()
        signature = inspect.signature(function)

        @functools.wraps(function)
        def changed(this: Any, *args: Any, **kwargs: Any) -> Any:
            return self.member(*given, this, **_by_name(signature.bind(this, *args, **kwargs)))

        setattr(self.owner, self.name, property(changed) if isinstance(stock, property) else changed)
        if self.because and self.because not in source:
            return f"{self}: moto no longer has {self.because!r}; see whether the addition is still needed"
        return None

    def _check_parameters(self, function: Any) -> None:
        expected = list(inspect.signature(self.member).parameters.values())
        if self.kind == "extend":
            del expected[0]
        named = {p.name for p in expected if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
        found = set(inspect.signature(function).parameters)
        takes_any = len(named) < len(expected)
        if not (named <= found if takes_any else named == found):
            raise MotoChangedError(
                f"{self}: written for the parameters {sorted(named)}, "
                f"moto {moto.__version__} has {sorted(found)}; review the addition"
            )


_additions: list[Addition] = []


def add(owner: type, *, as_property: bool = False) -> Callable[[Member], Member]:
    """Declare a method (or a property) that moto's class does not have."""

    def declare(member: Member) -> Member:
        value = property(member) if as_property else member
        _additions.append(Addition("add", owner, member.__name__, value))
        return member

    return declare


def extend(
    owner: type, name: str | None = None, *, unless: str | None = None, because: str | None = None
) -> Callable[[Member], Member]:
    """Declare a change to a method or property of moto's class; it gets moto's own as its first argument.

    `name` is the member's name where it is not the function's own. The parameters after the first must be
    moto's. How to notice that moto has been mended is said by one of two texts: `unless` would then stand
    in moto's source of the member (the addition is left out), `because` would no longer stand there (the
    addition is made, with a warning).
    """
    return _changes("extend", owner, name, unless, because)


def replace(owner: type, *, unless: str | None = None, because: str | None = None) -> Callable[[Member], Member]:
    """As `extend`, for a change that has no use for moto's own."""
    return _changes("replace", owner, None, unless, because)


def _changes(
    kind: Literal["extend", "replace"],
    owner: type,
    name: str | None,
    unless: str | None,
    because: str | None,
) -> Callable[[Member], Member]:
    if bool(unless) == bool(because):
        raise ValueError("say how to notice that moto has been mended: give either unless or because")

    def declare(member: Member) -> Member:
        _additions.append(Addition(kind, owner, name or member.__name__, member, unless, because))
        return member

    return declare


def apply() -> list[str]:
    """Put every declared addition in place and return (and log) what is no longer needed."""
    notes = [note for addition in _additions if (note := addition.apply())]
    _additions.clear()
    if moto.__version__ != TESTED_VERSION:
        notes.append(f"the additions were tested with moto {TESTED_VERSION}, this is {moto.__version__}")
    for note in notes:
        _log.warning("%s", note)
    return notes
