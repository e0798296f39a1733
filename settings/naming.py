"""Names of AWS resources: `<project>-<purpose>-<stage>[-<suffix>]`. Every name ends with the environment suffix."""

from __future__ import annotations

from dataclasses import dataclass

# Of all names here, those of load balancers and target groups have the shortest limit: 32 characters. This is the
# longest purpose that one of them has; `settings.rules` refuses an environment whose names would be longer.
SHORTEST_LIMIT = 32
LONGEST_SHORT_PURPOSE = "entry"


@dataclass(frozen=True)
class Naming:
    """Builds the names of one environment."""

    project: str
    stage: str
    suffix: str | None = None

    @property
    def environment(self) -> str:
        """`iot-dev`, or `iot-dev-pr-12` for an ephemeral environment: first part of every stack id and state key."""
        return f"{self.project}-{self.ending}"

    @property
    def ending(self) -> str:
        """The environment suffix: `dev`, or `dev-pr-12`."""
        return self.stage if self.suffix is None else f"{self.stage}-{self.suffix}"

    def name(self, purpose: str) -> str:
        """The name of the resource for `purpose`, e.g. `iot-redis-dev`."""
        return f"{self.project}-{purpose}-{self.ending}"

    def path(self, purpose: str) -> str:
        """The same as a path, for log groups and secrets: `/iot/dev/<purpose>`."""
        return f"/{self.project}/{self.ending}/{purpose}"
