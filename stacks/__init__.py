"""One file per stack, one stack per state file; stacks compose modules and own no resource themselves."""

import modules  # noqa: F401  (shortens the provider's imports before the first of them)
