"""How additions are put into moto, and how it is noticed that moto has changed under them.

moto is used as released, never forked. Each addition stands beside its reason and is put in place when its module is
imported. One that the installed moto has made needless is left out with a warning, and one that no longer fits stops
the emulator: running without it would end in a plan that is never empty, or in a provider that retries for minutes.
"""

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any, TypeVar

import moto

from tools.synthesized.errors import ToolError

TESTED_VERSION = "5.2.5"

notes: list[str] = []
"""What is no longer needed, or was not tried with this moto; each was logged as a warning."""

Member = TypeVar("Member", bound=Callable[..., Any])


class MotoChangedError(ToolError):
    """The installed moto no longer has the shape that an addition was written for."""


def note(text: str) -> None:
    notes.append(text)
    logging.getLogger(__name__).warning("%s", text)


if moto.__version__ != TESTED_VERSION:
    note(f"the additions were tested with moto {TESTED_VERSION}, this is {moto.__version__}")


def add(*owners: type, as_property: bool = False) -> Callable[[Member], Member]:
    """Give classes of moto's a method (or a property) that they do not have."""

    def put(member: Member) -> Member:
        for owner in owners:
            if hasattr(owner, member.__name__):
                note(f"{_path(owner, member.__name__)}: moto now has it, the addition is left out")
            else:
                setattr(owner, member.__name__, property(member) if as_property else member)
        return member

    return put


def extend(
    owner: Any, name: str | None = None, *, unless: str | None = None, because: str | None = None
) -> Callable[[Member], Member]:
    """Change a method or property of moto's class, or a function of its module; the change gets moto's own as its
    first argument.

    `name` is the member's name where it is not the function's own. The parameters after the first must be moto's, and
    come by name. How to notice that moto has been mended is said by one of two texts: `unless` would then stand in
    moto's source of the member (the addition is left out), `because` would no longer stand there (the addition is
    made, with a warning). Raises MotoChangedError.
    """
    if bool(unless) == bool(because):
        raise ValueError("say how to notice that moto has been mended: give either unless or because")

    def put(member: Member) -> Member:
        attribute = name or member.__name__
        path = _path(owner, attribute)
        stock = owner.__dict__.get(attribute)
        if stock is None:
            raise MotoChangedError(f"{path}: moto {moto.__version__} no longer has it; review the addition")
        function: Any = stock.fget if isinstance(stock, property) else stock
        source = inspect.getsource(function)
        if unless and unless in source:
            note(f"{path}: moto now handles {unless}, the addition is left out")
            return member
        if because and because not in source:
            note(f"{path}: moto no longer has {because!r}; see whether the addition is still needed")
        changed = _changed(path, function, member)
        setattr(owner, attribute, property(changed) if isinstance(stock, property) else changed)
        return member

    return put


def _changed(path: str, function: Any, member: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(function)
    named = [p.name for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    try:
        inspect.signature(member).bind(function, None, **dict.fromkeys(named[1:]))
    except TypeError as error:
        raise MotoChangedError(f"{path}: moto {moto.__version__} calls it with {named[1:]}: {error}") from error

    @functools.wraps(function)
    def changed(this: Any, *args: Any, **kwargs: Any) -> Any:
        arguments = dict(signature.bind(this, *args, **kwargs).arguments)
        for parameter in signature.parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                arguments |= arguments.pop(parameter.name, {})
        return member(function, arguments.pop(named[0]), **arguments)

    return changed


def _path(owner: Any, name: str) -> str:
    return ".".join(filter(None, (getattr(owner, "__module__", None), owner.__name__, name)))
