"""Settings of every environment: typed, frozen, checked before anything is synthesized."""

from environments.environment import Environment
from environments.faults import Fault, SettingsError
from environments.loader import environment_names, load

__all__ = ["Environment", "Fault", "SettingsError", "environment_names", "load"]
