"""What moto lacks, one module per AWS service."""

import importlib
import pkgutil


def apply() -> None:
    """Put all of it in place. Raises MotoChangedError."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
