"""One folder per capability; each construct makes AWS resources from its own slice of the settings."""

from modules.common import provider_imports

provider_imports.shorten()
