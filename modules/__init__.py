"""One construct per capability; each makes AWS resources from its own slice of the settings."""

from modules import provider_imports

provider_imports.shorten()
