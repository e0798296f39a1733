"""A restore that is tried: real rows in a copy that nobody reaches, which is gone whatever happened."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from settings import Environment, load
from tools.deploy import drill as drills
from tools.deploy.__main__ import main
from tools.local.database import EmbeddedDatabase
from tools.local.emulator.process import Emulator
from tools.synthesized.errors import DeployError

pytestmark = [pytest.mark.emulator, pytest.mark.long]

ENVIRONMENT = load("iot-dev")
SOURCE, COPY = "iot-aurora-dev", "iot-aurora-drill-dev"


@dataclass(frozen=True)
class Standing:
    """A cluster with rows, and the client of its AWS."""

    emulator: Emulator
    database: EmbeddedDatabase
    page: Path

    def client(self, service: str) -> Any:
        return self.emulator.client(service, ENVIRONMENT.region)

    def drill(self, environment: Environment = ENVIRONMENT, **more: Any) -> list[str]:
        said: list[str] = []
        drills.drill(
            environment, **{"clients": self.client, "page": self.page, **more}, poll_seconds=0.5, say=said.append
        )
        return said

    def everything(self) -> dict[str, Any]:
        """What AWS has, and the rows of the original."""
        rds, ec2, kms = self.client("rds"), self.client("ec2"), self.client("secretsmanager")
        groups = ec2.describe_security_groups()["SecurityGroups"]
        clusters = rds.describe_db_clusters()["DBClusters"]
        assert self.database.server is not None
        for one in clusters:
            del one["LatestRestorableTime"]
        return {
            "clusters": clusters,
            "instances": rds.describe_db_instances()["DBInstances"],
            "snapshots": rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"],
            "backups": rds.describe_db_cluster_automated_backups()["DBClusterAutomatedBackups"],
            "groups": [(one["GroupId"], one["IpPermissions"], one["IpPermissionsEgress"]) for one in groups],
            "secrets": sorted(one["ARN"] for one in kms.list_secrets(IncludePlannedDeletion=True)["SecretList"]),
            "rows": self.database.server.execute("SELECT count(*), max(id) FROM orders", dbname="telemetry"),
        }


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    folder = tmp_path_factory.mktemp("drill")
    database = EmbeddedDatabase(folder, "iot-rotation-dev")
    with Emulator(ENVIRONMENT.account_id, log_dir=folder, lambda_config=database.function_settings) as emulator:
        made = Standing(emulator, database, folder / "drills.md")
        _make_cluster(made)
        database.watch(SOURCE, made.client("rds"), made.client("secretsmanager"))
        try:
            database.wait()
            assert database.server is not None
            database.server.execute("CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id", dbname="telemetry")
            database.server.execute("GRANT SELECT ON orders TO PUBLIC", dbname="telemetry")
            database.server.execute("CREATE TABLE secret AS SELECT 1 AS id", dbname="telemetry")
            yield made
        finally:
            database.stop()


def _make_cluster(standing: Standing) -> None:
    ec2, rds = standing.client("ec2"), standing.client("rds")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for number, zone in enumerate(ENVIRONMENT.zones[:2])
    ]
    group = ec2.create_security_group(GroupName="aurora", Description="a", VpcId=vpc)["GroupId"]
    rds.create_db_subnet_group(DBSubnetGroupName="database", DBSubnetGroupDescription="a", SubnetIds=subnets)
    key = standing.client("kms").create_key()["KeyMetadata"]["Arn"]
    rds.create_db_cluster(
        DBClusterIdentifier=SOURCE, Engine="aurora-postgresql", EngineVersion="16.6", DatabaseName="telemetry",
        MasterUsername="platform_owner", ManageMasterUserPassword=True, MasterUserSecretKmsKeyId=key,
        StorageEncrypted=True, KmsKeyId=key, DBSubnetGroupName="database", VpcSecurityGroupIds=[group],
        ServerlessV2ScalingConfiguration={"MinCapacity": 0, "MaxCapacity": 2}, DeletionProtection=True,
    )  # fmt: skip


def _lines(standing: Standing) -> list[str]:
    """The page's lines of drills."""
    text = standing.page.read_text() if standing.page.is_file() else ""
    return [line for line in text.splitlines() if line.startswith("| 2")]


def test_a_drill_counts_the_rows_of_a_copy_and_leaves_nothing_but_a_line(standing: Standing) -> None:
    before = standing.everything()

    said = standing.drill()

    assert "  public.orders = 1000" in said
    assert "  public.secret = not readable" in said
    assert standing.everything() == before
    (line,) = _lines(standing)
    assert "| iot-dev |" in line
    assert "passed: public.orders = 1000; public.secret = not readable |" in line
    assert standing.page.read_text().startswith("# Drills\n")


def test_the_copy_is_reachable_by_nobody_and_not_the_original(
    standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at while it stands; the query of the setting runs in it, and what it writes is gone with it."""
    seen: dict[str, Any] = {}
    ask = drills._Drill._query

    def look(self: Any, cluster: str, secret: str) -> list[str]:
        found = {one["DBClusterIdentifier"]: one for one in self.rds.describe_db_clusters()["DBClusters"]}
        groups = [one["VpcSecurityGroupId"] for one in found[COPY]["VpcSecurityGroups"]]
        seen.update(found, groups=self.ec2.describe_security_groups(GroupIds=groups)["SecurityGroups"], secret=secret)
        return ask(self, cluster, secret)

    monkeypatch.setattr(drills._Drill, "_query", look)
    before = standing.everything()
    query = "SELECT 'newest', max(id) FROM orders"
    database = ENVIRONMENT.database.model_copy(update={"drill_query": query})

    said = standing.drill(ENVIRONMENT.model_copy(update={"database": database}))

    assert "  newest = 1000" in said
    assert [(one["IpPermissions"], one["IpPermissionsEgress"]) for one in seen["groups"]] == [([], [])]
    assert [one["GroupName"] for one in seen["groups"]] == [COPY]
    assert seen[COPY]["KmsKeyId"] == seen[SOURCE]["KmsKeyId"]
    assert seen[COPY]["HttpEndpointEnabled"]
    assert not seen[SOURCE].get("HttpEndpointEnabled")
    assert seen["secret"] != seen[SOURCE]["MasterUserSecret"]["SecretArn"]
    assert standing.everything() == before


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT * FROM nothing_here", "database.drill_query failed"),
        ("SELECT 1 WHERE false", "returned no row"),
    ],
)
def test_a_query_that_fails_or_finds_nothing_fails_the_drill_and_the_copy_goes(
    standing: Standing, query: str, says: str
) -> None:
    before, lines = standing.everything(), _lines(standing)
    database = ENVIRONMENT.database.model_copy(update={"drill_query": query})

    with pytest.raises(DeployError, match=says):
        standing.drill(ENVIRONMENT.model_copy(update={"database": database}))

    assert standing.everything() == before
    (line,) = _lines(standing)[len(lines) :]
    assert "| failed: " in line
    assert says in line


def test_an_interrupt_destroys_the_copy_too(standing: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = standing.everything()
    monkeypatch.setattr(drills._Drill, "_query", interrupt)

    with pytest.raises(KeyboardInterrupt):
        standing.drill()

    assert standing.everything() == before
    assert _lines(standing)[-1].endswith("| interrupted |")


def test_what_a_killed_drill_left_is_removed_first(standing: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    before = standing.everything()
    with monkeypatch.context() as killed:
        killed.setattr(drills._Drill, "destroy", lambda _: None)
        standing.drill(page=None)
    assert COPY in {one["DBClusterIdentifier"] for one in standing.everything()["clusters"]}

    said = standing.drill(page=None)

    assert "  public.orders = 1000" in said
    assert standing.everything() == before


def test_rows_written_after_the_restore_are_not_in_the_copy(
    standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy is a database of its own."""
    ask = drills._Drill._query
    server = standing.database.server
    assert server is not None

    def write(self: Any, cluster: str, secret: str) -> list[str]:
        time.sleep(3)  # the copy is taken
        server.execute("INSERT INTO orders SELECT generate_series(1001, 1010)", dbname="telemetry")
        return ask(self, cluster, secret)

    monkeypatch.setattr(drills._Drill, "_query", write)

    assert "  public.orders = 1000" in standing.drill(page=None)
    assert server.execute("SELECT count(*) FROM orders", dbname="telemetry") == [(1010,)]


def test_without_a_cluster_there_is_no_drill(standing: Standing) -> None:
    with pytest.raises(DeployError, match=r"there is no cluster iot-aurora-prod; first: make deploy ENV=iot-prod"):
        standing.drill(load("iot-prod"))


def test_an_embedded_aws_is_no_evidence(standing: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Path | None] = []
    monkeypatch.setattr("tools.deploy.__main__._client", lambda service, region: standing.client(service))
    monkeypatch.setattr(drills, "drill", lambda *_, page, **__: given.append(page))

    for endpoint in ("http://127.0.0.1:1", None):
        if endpoint:
            monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        else:
            monkeypatch.delenv("AWS_ENDPOINT_URL")
        assert main(["drill", "--env", "iot-dev"]) == 0

    assert given[0] is None
    assert given[1] is not None
    assert given[1].name == "drills.md"
