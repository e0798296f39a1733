"""The settings of one environment."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from settings.account import AccountSettings
from settings.api import ApiSettings
from settings.backup import BackupSettings
from settings.base import Region, Settings, described
from settings.cache import CacheSettings
from settings.database import DatabaseSettings
from settings.encryption import EncryptionSettings
from settings.front import FrontSettings
from settings.logs import LogSettings
from settings.monitoring import MonitoringSettings
from settings.naming import Naming
from settings.network import NetworkSettings
from settings.rotation import RotationSettings
from settings.service import JobSettings, ServiceSettings, WorkerSettings
from settings.service.values import LinkName
from settings.state import StateSettings
from settings.storage import StorageSettings

Tier = Literal["development", "production"]


class Environment(Settings):
    """The settings of one environment, as read from its file, its tier and the command line."""

    project: Annotated[
        str, described("2 to 12 lower-case letters and digits, beginning with a letter", r"^[a-z][a-z0-9]{1,11}$")
    ]
    stage: Annotated[
        str, described("2 to 8 lower-case letters and digits, beginning with a letter", r"^[a-z][a-z0-9]{1,7}$")
    ]
    suffix: Annotated[
        str | None,
        described(
            "2 to 12 lower-case letters, digits and single hyphens, beginning with a letter",
            r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        ),
        Field(min_length=2, max_length=12),
    ] = None
    tier: Tier = Field(description='"development" or "production"')
    account_id: Annotated[str, described("the AWS account id: 12 digits in quotes", r"^[0-9]{12}$")]
    region: Region
    zones: Annotated[
        tuple[Annotated[str, described("a zone's name such as ca-central-1a", r"^[a-z]{2}-[a-z]+-[0-9][a-f]$")], ...],
        Field(min_length=2, max_length=3, description="2 or 3 availability zones of the region"),
    ]
    protected: bool = Field(
        description="true or false: deletion protection and prevent_destroy on everything that holds data"
    )
    tags: dict[
        Annotated[
            str, described("a tag key of 1 to 128 letters, digits and + - = . _ : / @", r"^[A-Za-z0-9_+=.:/@-]{1,128}$")
        ],
        Annotated[
            str,
            described(
                "a text of at most 256 letters, digits, spaces and + - = . _ : / @", r"^[A-Za-z0-9_+=.:/@ -]{0,256}$"
            ),
        ],
    ] = Field(default={}, description="tags for every resource, as a table of strings")
    account: AccountSettings = AccountSettings()
    state: StateSettings = StateSettings()
    logs: LogSettings
    encryption: EncryptionSettings
    network: NetworkSettings
    database: DatabaseSettings
    cache: CacheSettings
    storage: StorageSettings
    backup: BackupSettings | None = None
    rotation: RotationSettings
    service: ServiceSettings
    workers: dict[LinkName, WorkerSettings] = Field(default={}, description="tables named [workers.<name>]")
    jobs: dict[LinkName, JobSettings] = Field(default={}, description="tables named [jobs.<name>]")
    api: ApiSettings
    front: FrontSettings | None = None
    monitoring: MonitoringSettings

    @property
    def names(self) -> Naming:
        """Builds every name of this environment."""
        return Naming(self.project, self.stage, self.suffix)

    @property
    def name(self) -> str:
        """`iot-dev`, or `iot-dev-pr-12` for an ephemeral environment."""
        return self.names.environment

    @property
    def fronted(self) -> FrontSettings | None:
        """The front of this environment. An ephemeral environment has none: the name belongs to the original."""
        return self.front if self.suffix is None else None

    @property
    def workloads(self) -> tuple[str, ...]:
        """Purposes of everything that runs as tasks: `service`, `worker-<name>`, `job-<name>`."""
        return (
            "service",
            *(f"worker-{name}" for name in self.workers),
            *(f"job-{name}" for name in self.jobs),
        )
