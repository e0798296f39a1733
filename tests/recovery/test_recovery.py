"""docs/recovery.md, run against the embedded AWS: its commands are the test."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from documented_commands import Commands, blocks

from main import build_app
from settings import load
from tools.deploy import terraform
from tools.local.emulator.environment import without_aws
from tools.local.emulator.process import Emulator

pytestmark = pytest.mark.emulator

DOCUMENT = Path(__file__).parents[2] / "docs" / "recovery.md"
ENVIRONMENT = "iot-dev"
KEY = "aws_kms_key.key_F64E54E4"


class Deployed:
    """The network and data stacks, applied to the embedded AWS."""

    def __init__(self, outdir: Path, variables: dict[str, str], bucket: str) -> None:
        self.stacks = outdir / "stacks"
        self.variables = variables
        self._bucket = bucket

    def terraform(self, stack: str, *arguments: str) -> str:
        finished = subprocess.run(
            [terraform.binary(self.variables), *arguments],
            cwd=self.stacks / f"{ENVIRONMENT}-{stack}", env=self.variables,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout

    def apply(self, stack: str, *arguments: str) -> None:
        self.terraform(stack, "apply", "-auto-approve", "-input=false", "-parallelism=30", *arguments)

    def state(self, stack: str) -> str:
        key = f"{ENVIRONMENT}/{stack}.tfstate"
        text: str = boto3.client("s3").get_object(Bucket=self._bucket, Key=key)["Body"].read().decode()
        return text


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    environment = load(ENVIRONMENT)
    outdir = tmp_path_factory.mktemp("recovery")
    build_app([environment], outdir).synth()
    backend = json.loads((outdir / f"stacks/{ENVIRONMENT}-data/cdk.tf.json").read_text())["terraform"]["backend"]["s3"]
    with (
        Emulator(environment.account_id, log_dir=tmp_path_factory.mktemp("log")) as emulator,
        pytest.MonkeyPatch.context() as patch,
    ):
        variables = {**without_aws(os.environ), **terraform.settings(os.environ)}
        variables |= emulator.environment(environment.region)
        for name in set(os.environ) - set(variables):
            patch.delenv(name)
        for name, value in variables.items():
            patch.setenv(name, value)
        location: Any = {"LocationConstraint": environment.region}
        boto3.client("s3").create_bucket(Bucket=backend["bucket"], CreateBucketConfiguration=location)
        made = Deployed(outdir, variables, backend["bucket"])
        for stack in ("network", "data"):
            made.terraform(stack, "init", "-input=false")
        with ThreadPoolExecutor() as both:  # the key takes the provider 13 seconds, and needs no network
            for applied in [both.submit(made.apply, "network"), both.submit(made.apply, "data", f"-target={KEY}")]:
                applied.result()
        made.apply("data")
        yield made


@pytest.fixture(scope="module")
def documented() -> dict[str, list[str]]:
    return blocks(DOCUMENT.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def commands(deployed: Deployed, documented: dict[str, list[str]]) -> Commands:
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    made = Commands(
        deployed.stacks / f"{ENVIRONMENT}-data",
        {**deployed.variables, "PROJECT": "iot", "STAGE": "dev", "TIME": moment, "MIN": "0", "MAX": "2"},
    )
    made.run(documented["Names"])
    return made


def cluster(identifier: str = "iot-aurora-dev") -> dict[str, Any]:
    found: dict[str, Any] = boto3.client("rds").describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"][0]
    return found


def members(identifier: str) -> set[str]:
    """Instances of a cluster, which both sides must name."""
    found = {member["DBInstanceIdentifier"] for member in cluster(identifier)["DBClusterMembers"]}
    instances = boto3.client("rds").describe_db_instances()["DBInstances"]
    assert found == {i["DBInstanceIdentifier"] for i in instances if i["DBClusterIdentifier"] == identifier}
    return found


def password(secret: str) -> str:
    value = boto3.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    return str(json.loads(value)["password"])


def test_restore_from_a_snapshot(commands: Commands, documented: dict[str, list[str]]) -> None:
    rds = boto3.client("rds")
    for name in ("z-earlier", "a-newest"):
        rds.create_db_cluster_snapshot(DBClusterIdentifier="iot-aurora-dev", DBClusterSnapshotIdentifier=name)

    commands.run(documented["From a snapshot"])

    assert commands.variables["SNAPSHOT"] == "a-newest"
    assert cluster("iot-aurora-restored-dev")["KmsKeyId"] == cluster()["KmsKeyId"]
    rds.delete_db_cluster(DBClusterIdentifier="iot-aurora-restored-dev", SkipFinalSnapshot=True)


def test_restore_to_a_point_in_time_and_take_it_into_terraform(
    deployed: Deployed, commands: Commands, documented: dict[str, list[str]]
) -> None:
    original = cluster()

    # WHEN a cluster is restored, and the two have swapped their names
    for heading in ("From a point in time", "A writer, and a master secret of its own", "Swap the names"):
        commands.run(documented[heading])

    # THEN both are there, the endpoint is the same, and the name is the new one's
    assert cluster("iot-aurora-old-dev")["DbClusterResourceId"] == original["DbClusterResourceId"]
    assert cluster()["DbClusterResourceId"] != original["DbClusterResourceId"]
    assert members("iot-aurora-old-dev") == {"iot-aurora-old-1-dev"}
    assert members("iot-aurora-dev") == {"iot-aurora-1-dev"}

    # WHEN Terraform has taken it in, and plans the rest
    commands.run(documented["Take it into Terraform"])
    plan = deployed.terraform("data", "plan", "-input=false", "-out=taken.tfplan", "-parallelism=30")

    # THEN it destroys and replaces nothing, and the plan after it is empty (-detailed-exitcode says 2 of any other)
    assert " 0 to destroy" in plan, plan
    deployed.terraform("data", "apply", "-input=false", "-parallelism=30", "taken.tfplan")
    deployed.terraform("data", "plan", "-input=false", "-detailed-exitcode", "-parallelism=30")

    # THEN the outputs name the master secret of the new cluster
    master = json.loads(deployed.terraform("data", "output", "-json"))["database_master_secret_arn"]["value"]
    assert master == cluster()["MasterUserSecret"]["SecretArn"]
    assert master != original["MasterUserSecret"]["SecretArn"]


def test_break_the_glass(deployed: Deployed, commands: Commands, documented: dict[str, list[str]]) -> None:
    opening, looking, closing, rotating = documented["Break-glass access to the database"]
    vpc = json.loads(deployed.terraform("network", "output", "-json"))["vpc_id"]["value"]
    caller = boto3.client("ec2").create_security_group(GroupName="shell", Description="A person's shell", VpcId=vpc)
    commands.variables["CALLER"] = caller["GroupId"]

    # WHEN somebody opens the database to a shell, and finds the master secret
    commands.run([opening, looking])
    assert len(ingress(commands.variables["GROUP"])) == 1
    assert commands.variables["MASTER"] == cluster()["MasterUserSecret"]["SecretArn"]

    # THEN the rule can be taken back, and the password that was read is worthless
    read = password(commands.variables["MASTER"])
    commands.run([closing, rotating])
    assert ingress(commands.variables["GROUP"]) == []
    assert password(commands.variables["MASTER"]) != read


def ingress(group: str) -> list[Any]:
    return list(boto3.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"])


def test_no_state_and_no_output_holds_a_password(deployed: Deployed) -> None:
    found = [password(secret["ARN"]) for secret in boto3.client("secretsmanager").list_secrets()["SecretList"]]
    texts = [deployed.state(stack) + deployed.terraform(stack, "output", "-json") for stack in ("network", "data")]

    assert found
    for secret in found:
        for text in texts:
            assert secret not in text
            assert json.dumps(secret)[1:-1] not in text


def test_every_documented_block_is_run_above(documented: dict[str, list[str]]) -> None:
    assert set(documented) == {
        "Names",
        "From a point in time",
        "From a snapshot",
        "A writer, and a master secret of its own",
        "Swap the names",
        "Take it into Terraform",
        "Break-glass access to the database",
    }
