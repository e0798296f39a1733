"""Settings of every environment: typed, frozen, checked before anything is synthesized."""

from settings.environment import Environment
from settings.faults import Fault, SettingsError
from settings.loader import environment_names, load

__all__ = ["Environment", "Fault", "SettingsError", "environment_names", "load"]
