"""Requirements of the production tier: values that an environment's file may tighten, but not turn off.

They are in code, not in `tiers/production.toml`, so that editing a default cannot weaken a requirement. Only `make
unprotect` turns off protection, for a teardown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_UNPROTECT = "to tear it down run: make unprotect ENV=<environment> CONFIRM=<environment>"


@dataclass(frozen=True)
class Demand:
    """One requirement: the value of `key` must satisfy `holds`. With `of_absent`, a missing value violates it too."""

    key: str
    holds: Callable[[Any], bool]
    allowed: str
    reason: str
    of_absent: bool = False


PRODUCTION = (
    Demand("protected", lambda v: v is True, "true", f"remove the key; {_UNPROTECT}"),
    Demand("network.nat", lambda v: v != "single", '"per_zone" or "none"', "a single gateway fails with its zone"),
    Demand(
        "network.flow_log_traffic", lambda v: v == "ALL", '"ALL"', "PCI DSS 10.2 requires a log of every connection"
    ),
    Demand("logs.retention_days", lambda v: v >= 365, "365 or more", "PCI DSS 10.5.1 requires one year of logs"),
    Demand(
        "encryption.deletion_window_days",
        lambda v: v == 30,
        "30",
        "a deleted key makes its data unreadable; the wait leaves time to cancel",
    ),
    Demand("database.instances", lambda v: v >= 2, "2 or more", "a failover needs a reader in another zone"),
    Demand("database.min_capacity", lambda v: v > 0, "0.5 or more", "a paused database delays requests"),
    Demand(
        "database.iam_authentication", lambda v: v is True, "true", "PCI DSS 8.2 requires that people log in with IAM"
    ),
    Demand(
        "database.enhanced_monitoring_seconds",
        lambda v: v > 0,
        "1 to 60",
        "production requires metrics of the operating system",
    ),
    Demand(
        "database.backup_retention_days",
        lambda v: v >= 7,
        "7 or more",
        "production requires one week of point-in-time recovery",
    ),
    Demand(
        "database.final_snapshot", lambda v: v is True, "true", "data that is destroyed by mistake must be restorable"
    ),
    Demand("cache.form", lambda v: v != "single", '"replicated" or "cluster"', "a single node has no failover"),
    Demand(
        "cache.replicas_per_shard",
        lambda v: v >= 1,
        "1 or more",
        "a shard without a replica loses its data if its node fails",
    ),
    Demand("cache.snapshot_retention_days", lambda v: v >= 5, "5 or more", "production keeps snapshots for 5 days"),
    Demand("cache.final_snapshot", lambda v: v is True, "true", "data that is destroyed by mistake must be restorable"),
    Demand("storage.backup", lambda v: v is True, "true", "without AWS Backup the files cannot be restored"),
    Demand(
        "backup.retention_days",
        lambda v: v >= 35,
        "35 or more",
        "AWS's default plan for files also keeps backups for 35 days",
    ),
    Demand(
        "backup.lock",
        lambda v: v != "none",
        '"governance" or "compliance"',
        "an intruder must not be able to delete backups",
    ),
    Demand("rotation.recovery_window_days", lambda v: v >= 7, "7 to 30", "a deleted secret must be restorable"),
    Demand(
        "rotation.reserved_concurrency",
        lambda v: v >= 1,
        "1 or more",
        "other functions must not use up the concurrency that the rotation needs; raise the account's quota first",
    ),
    Demand("service.min_count", lambda v: v >= 2, "2 or more", "a single task fails with its zone"),
    Demand("service.spot_percent", lambda v: v == 0, "0", "AWS may stop Spot tasks with two minutes' notice"),
    Demand("service.image", lambda v: "@sha256:" in v, "an image with a digest", "a tag can be moved after the review"),
    Demand(
        "service.certificate_arn",
        lambda v: v is not None,
        "the ARN of an ACM certificate",
        "add it: the load balancer must use TLS (PCI DSS 4.2.1)",
        of_absent=True,
    ),
    Demand(
        "monitoring.subscribers",
        lambda v: v is not None and len(v) > 0,
        "one or more",
        "add an email address or a URL that gets the alarms (PCI DSS 10.7, 12.10)",
        of_absent=True,
    ),
)


def unmet(tier: str, settings: dict[str, Any]) -> Iterator[tuple[Demand, object]]:
    """The requirements of `tier` that the merged settings violate, each with the value found.

    Missing required values and values of the wrong type are ignored here; the schema reports them.
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
