"""Proves that the backups can be restored: into a copy that nobody can reach, and that is gone afterwards.

The copy is queried through the RDS Data API, which is switched on for the copy alone. It needs no network path, so the
copy's security group has no rule at all, and it logs in with the copy's own master secret: no password leaves AWS.
A task of the service has no SQL client for sure; the rotation function has one, but would need a rule from its group
to the copy's, and rights to one more secret, in the production environment itself.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from settings import Environment
from tools.deploy.aws import Clients, ask, asked, refuse_other_account
from tools.synthesized.errors import DeployError

# AWS restores a large cluster in an hour and more.
_PATIENCE_SECONDS = 4 * 3600
# The HTTP endpoint, and a paused instance, take their time after they were asked for.
# https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_ExecuteStatement.html
_NOT_READY = (
    "BadRequestException",
    "DatabaseResumingException",
    "DatabaseUnavailableException",
    "HttpEndpointNotEnabledException",
    "ServiceUnavailableError",
)
_READY_SECONDS = 300
# What AWS says of a cluster that is still being restored, and of a group whose network interfaces are not gone yet.
_BUSY = ("InvalidDBClusterStateFault", "InvalidDBInstanceState", "DependencyViolation")

# The rows of every table that somebody made, NULL where the master may not read it.
ROW_COUNTS = """\
SELECT format('%I.%I', n.nspname, c.relname) AS "table",
    CASE WHEN has_table_privilege(c.oid, 'SELECT') THEN CAST(substring(CAST(query_to_xml(
        format('SELECT count(*) AS n FROM %I.%I', n.nspname, c.relname), false, true, ''
    ) AS text) FROM '<n>([0-9]+)</n>') AS bigint) END AS "rows"
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
ORDER BY 1"""

_HEAD = """\
# Drills

`make drill` restores the database to the newest point in time, runs a query on the copy, and adds a line to this table.
RTO is the time from the start until the query has returned. RPO is the age of the restored data. Commit each new line.

| start (UTC) | environment | RTO | RPO | result |
|---|---|---|---|---|
"""


@dataclass(frozen=True)
class _Copy:
    """The names of what a drill makes, the same each time: a drill first removes what a killed one left."""

    cluster: str
    instance: str
    group: str


def drill(
    environment: Environment,
    *,
    clients: Clients,
    page: Path | None,
    poll_seconds: float = 15,
    say: Callable[[str], None] = print,
) -> None:
    """Restore the newest point in time of the database, run `database.drill_query` in it, and destroy the copy.

    `page` gets one line; None writes none. Raises DeployError where the restore or the query fails, or where the query
    returns nothing: no row shows that any data came back. Whatever happens, the copy is destroyed.
    """
    name = environment.names.name
    copy = _Copy(name("aurora-drill"), name("aurora-drill-1"), name("aurora-drill"))
    rds, ec2 = clients("rds"), clients("ec2")
    with asked("the drill was not started"):
        sources = ask(rds.describe_db_clusters, DBClusterIdentifier=name("aurora")).get("DBClusters")
    if not sources:
        raise DeployError(f"there is no cluster {name('aurora')}; first: make deploy ENV={environment.name}")
    refuse_other_account(sources[0]["DBClusterArn"], environment)
    if "LatestRestorableTime" not in sources[0]:
        raise DeployError(f"{name('aurora')} has no backup yet; run the drill again when it is available")
    runner = _Drill(environment, copy, sources[0], rds, ec2, clients("rds-data"), poll_seconds, say)
    begun, clock = datetime.now(UTC), time.monotonic()
    age = (begun - sources[0]["LatestRestorableTime"]).total_seconds()
    result, took = "interrupted", 0.0
    try:
        with asked("the drill failed"):
            runner.destroy()
            rows = runner.restore_and_ask()
        took = time.monotonic() - clock
        result = f"passed: {'; '.join(rows)}"
    except DeployError as error:
        result = f"failed: {error}"
        raise
    finally:
        took = took or time.monotonic() - clock
        try:
            with asked("the copy was not destroyed; run this again, which destroys it first"):
                runner.destroy()
        except BaseException:
            result += "; the copy was not destroyed"
            raise
        finally:
            if page is not None:
                start = f"{begun:%Y-%m-%d %H:%M}"
                _append(page, f"| {start} | {environment.name} | {took:.0f} s | {age:.0f} s | {result} |")
    say(f"{environment.name}: restored and queried in {took:.0f} s (RTO), data {age:.0f} s old (RPO)")
    for row in rows:
        say(f"  {row}")


@dataclass(frozen=True)
class _Drill:
    """One restore, and its end."""

    environment: Environment
    copy: _Copy
    source: Mapping[str, Any]
    rds: Any
    ec2: Any
    data: Any
    poll_seconds: float
    say: Callable[[str], None]

    def restore_and_ask(self) -> list[str]:
        """The rows of the query, as text. Raises DeployError where there is none."""
        copy, source, rds = self.copy, self.source, self.rds
        self.say(f"Restoring {source['DBClusterIdentifier']} to {source['LatestRestorableTime']:%H:%M:%S} UTC")
        made = rds.restore_db_cluster_to_point_in_time(
            DBClusterIdentifier=copy.cluster,
            SourceDBClusterIdentifier=source["DBClusterIdentifier"],
            UseLatestRestorableTime=True,
            DBSubnetGroupName=source["DBSubnetGroup"],
            VpcSecurityGroupIds=[self._make_group()],
            DBClusterParameterGroupName=source["DBClusterParameterGroup"],
            KmsKeyId=source["KmsKeyId"],
            ServerlessV2ScalingConfiguration={
                key: source["ServerlessV2ScalingConfiguration"][key] for key in ("MinCapacity", "MaxCapacity")
            },
            DeletionProtection=False,
            Tags=self._tags,
        )["DBCluster"]
        self._wait("db_cluster_available", DBClusterIdentifier=copy.cluster)
        rds.create_db_instance(
            DBInstanceIdentifier=copy.instance,
            DBClusterIdentifier=copy.cluster,
            Engine=source["Engine"],
            DBInstanceClass="db.serverless",
            PubliclyAccessible=False,
            Tags=self._tags,
        )
        self._wait("db_instance_available", DBInstanceIdentifier=copy.instance)
        rds.modify_db_cluster(
            DBClusterIdentifier=copy.cluster,
            ManageMasterUserPassword=True,
            MasterUserSecretKmsKeyId=source["KmsKeyId"],
            ApplyImmediately=True,
        )
        secret = self._secret()
        rds.enable_http_endpoint(ResourceArn=made["DBClusterArn"])
        rows = self._query(made["DBClusterArn"], secret)
        if not rows:
            raise DeployError("database.drill_query returned no row, so that nothing shows that data came back")
        return rows

    @property
    def _tags(self) -> list[dict[str, str]]:
        # Not `Environment` alone, by which Terraform's own are told: `make recover` would name it, and import nothing.
        tags = {"Environment": self.environment.name, "Stack": "drill", "ManagedBy": "make drill"}
        return [{"Key": key, "Value": value} for key, value in tags.items()]

    def _make_group(self) -> str:
        """A group without any rule, in the VPC of the source's."""
        (first, *_) = self.source["VpcSecurityGroups"]
        known = self.ec2.describe_security_groups(GroupIds=[first["VpcSecurityGroupId"]])["SecurityGroups"]
        group: str = self.ec2.create_security_group(
            GroupName=self.copy.group,
            Description="A copy of the database that nobody reaches",
            VpcId=known[0]["VpcId"],
            TagSpecifications=[{"ResourceType": "security-group", "Tags": self._tags}],
        )["GroupId"]
        for made in self.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]:
            self.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=made["IpPermissionsEgress"])
        return group

    def _secret(self) -> str:
        """The ARN of the copy's master secret, once RDS has made it."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            found = self.rds.describe_db_clusters(DBClusterIdentifier=self.copy.cluster)["DBClusters"][0]
            if found.get("MasterUserSecret", {}).get("SecretStatus") == "active":
                self._wait("db_cluster_available", DBClusterIdentifier=self.copy.cluster)
                return str(found["MasterUserSecret"]["SecretArn"])
            time.sleep(self.poll_seconds)
        raise DeployError(f"RDS made no master secret of the copy within {_READY_SECONDS} s")

    def _query(self, cluster: str, secret: str) -> list[str]:
        from botocore.exceptions import ClientError

        deadline = time.monotonic() + _READY_SECONDS
        while True:
            try:
                answer = self.data.execute_statement(
                    resourceArn=cluster,
                    secretArn=secret,
                    database=self.environment.database.name,
                    sql=self.environment.database.drill_query or ROW_COUNTS,
                )
                return [_row(record) for record in answer["records"]]
            except ClientError as error:
                if error.response["Error"]["Code"] not in _NOT_READY or time.monotonic() > deadline:
                    raise DeployError(f"database.drill_query failed: {error}") from error
            time.sleep(self.poll_seconds)

    def destroy(self) -> None:
        """Remove the copy, or what a killed drill has left of it; nothing happens where there is nothing."""
        rds, copy = self.rds, self.copy
        if found := ask(rds.describe_db_instances, DBInstanceIdentifier=copy.instance):
            if found["DBInstances"][0]["DBInstanceStatus"] != "deleting":
                self._when_free(rds.delete_db_instance, DBInstanceIdentifier=copy.instance, SkipFinalSnapshot=True)
            self._wait("db_instance_deleted", DBInstanceIdentifier=copy.instance)
        if found := ask(rds.describe_db_clusters, DBClusterIdentifier=copy.cluster):
            if found["DBClusters"][0]["Status"] != "deleting":
                how = {"SkipFinalSnapshot": True, "DeleteAutomatedBackups": True}
                self._when_free(rds.delete_db_cluster, DBClusterIdentifier=copy.cluster, **how)
            self._wait("db_cluster_deleted", DBClusterIdentifier=copy.cluster)
        named = [{"Name": "group-name", "Values": [copy.group]}]
        for group in self.ec2.describe_security_groups(Filters=named)["SecurityGroups"]:
            self._when_free(self.ec2.delete_security_group, GroupId=group["GroupId"])

    def _when_free(self, delete: Callable[..., Any], **what: Any) -> None:
        """Delete something as soon as AWS lets it."""
        from botocore.exceptions import ClientError

        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                delete(**what)
            except ClientError as error:
                if error.response["Error"]["Code"] not in _BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(self.poll_seconds)
            else:
                return

    def _wait(self, waiter: str, **what: str) -> None:
        from botocore.exceptions import WaiterError

        attempts = int(_PATIENCE_SECONDS / max(self.poll_seconds, 1))
        try:
            patience = {"Delay": self.poll_seconds, "MaxAttempts": attempts}
            self.rds.get_waiter(waiter).wait(**what, WaiterConfig=patience)
        except WaiterError as error:
            raise DeployError(f"{', '.join(what.values())}: {waiter} did not come true: {error}") from error


def _row(record: Sequence[Mapping[str, Any]]) -> str:
    """`orders = 1000`; a table that the master may not read has no number."""
    first, *rest = ("not readable" if field.get("isNull") else str(next(iter(field.values()))) for field in record)
    return " = ".join([first, ", ".join(rest)]) if rest else first


def _append(page: Path, line: str) -> None:
    """Add a line to the table; an error text keeps to its cell."""
    text = page.read_text(encoding="utf-8") if page.is_file() else _HEAD
    cells = " ".join(line.split())
    page.write_text(f"{text}{cells}\n", encoding="utf-8")
