"""Table `state`: the state bucket."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from settings.base import Settings


class StateSettings(Settings):
    """The state bucket, which the bootstrap stack creates."""

    noncurrent_version_days: Annotated[
        int, Field(ge=30, le=3650, description="days for which an overwritten state can be restored, 30 to 3650")
    ] = 365
