"""The keys of an environment, one per class of data."""

from __future__ import annotations

from collections.abc import Sequence

from constructs import Construct

from modules.common.encryption import EncryptionKey
from modules.common.policies import Account
from settings.encryption import EncryptionSettings
from settings.naming import Naming


class EnvironmentKeys(Construct):
    """ARNs of four keys: `logs`, `data` (database, cache, files), `secrets` and `alarms`.

    Terraform never destroys `data` and `secrets` of a `protected` environment: snapshots are unreadable without them.
    `alarm_publishers` are the services that publish alarms (`cloudwatch`, `budgets`).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: EncryptionSettings,
        protected: bool,
        alarm_publishers: Sequence[str],
        names: Naming,
        account: Account,
    ) -> None:
        super().__init__(scope, id_)

        def key(
            purpose: str,
            content: str,
            *,
            via_services: Sequence[str] = (),
            service_principals: Sequence[str] = (),
            protected: bool = False,
        ) -> str:
            return EncryptionKey(
                self,
                purpose,
                settings=settings,
                account=account,
                alias=names.name(purpose),
                description=f"{content} of {names.environment}",
                via_services=via_services,
                service_principals=service_principals,
                protected=protected,
            ).arn

        self.logs = key("logs", "Log groups", service_principals=["logs"])
        self.data = key(
            "data",
            "Database, cache and files",
            via_services=["elasticache", "elasticfilesystem", "rds", "secretsmanager"],
            protected=protected,
        )
        self.secrets = key("secrets", "Secrets", via_services=["secretsmanager"], protected=protected)
        self.alarms = key("alarms", "Alarms", via_services=["sns"], service_principals=alarm_publishers)
