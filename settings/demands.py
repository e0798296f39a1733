"""What the production tier demands of an environment: values that its file may raise, but never switch off.

They stand in code, not in `tiers/production.toml`, because a file that states a default must not be able to weaken
the demand on it. Protection is lifted for a teardown by `make unprotect` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_UNPROTECT = "to tear it down run: make unprotect ENV=<environment> CONFIRM=<environment>"


@dataclass(frozen=True)
class Demand:
    """One rule of a tier: the value under `key` must satisfy `holds`, and be there at all with `of_absent`."""

    key: str
    holds: Callable[[Any], bool]
    allowed: str
    reason: str
    of_absent: bool = False


PRODUCTION = (
    Demand("protected", lambda v: v is True, "true", f"remove the key; {_UNPROTECT}"),
    Demand("network.nat", lambda v: v != "single", '"per_zone" or "none"', "one gateway is lost with its zone"),
    Demand("network.flow_log_traffic", lambda v: v == "ALL", '"ALL"', "PCI DSS 10.2 wants every connection"),
    Demand("logs.retention_days", lambda v: v >= 365, "365 or more", "PCI DSS 10.5.1 keeps a year of logs"),
    Demand("encryption.deletion_window_days", lambda v: v == 30, "30", "a key deleted by mistake loses all its data"),
    Demand("database.instances", lambda v: v >= 2, "2 or more", "a failover needs a reader in another zone"),
    Demand("database.min_capacity", lambda v: v > 0, "0.5 or more", "a paused production database delays its callers"),
    Demand("database.iam_authentication", lambda v: v is True, "true", "PCI DSS 8.2 wants logins of persons by IAM"),
    Demand(
        "database.enhanced_monitoring_seconds", lambda v: v > 0, "1 to 60", "the system under the database is watched"
    ),
    Demand("database.backup_retention_days", lambda v: v >= 7, "7 or more", "point-in-time recovery of a week"),
    Demand("database.final_snapshot", lambda v: v is True, "true", "what is destroyed by mistake must be restorable"),
    Demand("cache.form", lambda v: v != "single", '"replicated" or "cluster"', "one node fails without a stand-in"),
    Demand("cache.replicas_per_shard", lambda v: v >= 1, "1 or more", "a shard without replica loses its data"),
    Demand("cache.snapshot_retention_days", lambda v: v >= 5, "5 or more", "snapshots are kept 5 days"),
    Demand("cache.final_snapshot", lambda v: v is True, "true", "what is destroyed by mistake must be restorable"),
    Demand("storage.backup", lambda v: v is True, "true", "files are restored from AWS Backup"),
    Demand("backup.retention_days", lambda v: v >= 35, "35 or more", "AWS's own plan for files keeps that long"),
    Demand(
        "backup.lock", lambda v: v != "none", '"governance" or "compliance"', "whoever is in must not delete backups"
    ),
    Demand("rotation.recovery_window_days", lambda v: v >= 7, "7 to 30", "a deleted secret must be restorable"),
    Demand(
        "rotation.reserved_concurrency",
        lambda v: v >= 1,
        "1 or more",
        "other functions must not take the rotation's turn; first have the account's quota raised",
    ),
    Demand("service.min_count", lambda v: v >= 2, "2 or more", "one task is lost with its zone"),
    Demand("service.spot_percent", lambda v: v == 0, "0", "AWS takes Spot tasks away at two minutes' notice"),
    Demand("service.image", lambda v: "@sha256:" in v, "an image by digest", "a tag can be moved after review"),
    Demand(
        "service.certificate_arn",
        lambda v: v is not None,
        "the ARN of an ACM certificate",
        "add it: the internal listener must speak TLS (PCI DSS 4.2.1)",
        of_absent=True,
    ),
    Demand(
        "monitoring.subscribers",
        lambda v: v is not None and len(v) > 0,
        "one or more",
        "name who gets the alarms (PCI DSS 10.7, 12.10)",
        of_absent=True,
    ),
)


def unmet(tier: str, settings: dict[str, Any]) -> Iterator[tuple[Demand, object]]:
    """The demands of `tier` that the merged settings break, each with the value found.

    A value that the schema requires, or of the wrong type, is left to the schema, which names it better.
    """
    for demand in PRODUCTION if tier == "production" else ():
        value: Any = settings
        for part in demand.key.split("."):
            table, value = value, value.get(part) if isinstance(value, dict) else None
        try:
            stated = value is not None or (demand.of_absent and isinstance(table, dict))
            broken = stated and not demand.holds(value)
        except TypeError:
            continue
        if broken:
            yield demand, value
