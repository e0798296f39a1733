"""Changes rehearsed with real Terraform and provider on one base, network and data of `iot-dev`: each is recognised."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from synthesized_changes import edit, keep, only, synthesize

from settings import load
from tools.change import page, revision
from tools.change.__main__ import main
from tools.change.findings import FindingKind
from tools.change.page import Page
from tools.change.plans import Action, read
from tools.change.rehearsal import Rehearsal, Say
from tools.deploy import terraform
from tools.deploy.plans import Planned
from tools.synthesized import references, stacks

pytestmark = [pytest.mark.emulator, pytest.mark.timeout(1200)]

_ENVIRONMENT = "iot-dev"
_NETWORK, _DATA, _BACKUP = "iot-dev-network", "iot-dev-data", "iot-dev-backup"
_TO = "ca-west-1"


class Base:
    """The deployed base; `copy` gives its JSON to change."""

    def __init__(self, rehearsal: Rehearsal, outdir: Path) -> None:
        self.rehearsal = rehearsal
        self.outdir = outdir

    def copy(self, folder: Path) -> Path:
        """The base's JSON once more, without anything of Terraform's."""
        ignored = shutil.ignore_patterns(".terraform*")
        return Path(shutil.copytree(self.outdir, folder / "cdktf.out", ignore=ignored))

    def review(self, outdir: Path, *names: str, allow: tuple[str, ...] = ()) -> Page:
        """The page about plans of these stacks, nothing applied."""
        return _page(outdir, self.rehearsal.plan(outdir, *names), allow)


def _page(outdir: Path, planned: list[Planned], allow: tuple[str, ...] = ()) -> Page:
    configurations = {stack.name: stack.configuration for stack in stacks.find(_ENVIRONMENT, outdir=outdir)}
    return page.make(
        "Rehearsal",
        environment=_ENVIRONMENT,
        subject="",
        plans=[read(item.stack, item.document, errors=item.errors, note=item.note) for item in planned],
        reads=references.reads_of(configurations),
        allow=allow,
    )


def _with_backups(file: dict[str, Any]) -> None:
    file["service"]["queues"] = {"readings": {}}
    file["database"]["backup_retention_days"] = 5
    file["cache"] = {"snapshot_retention_days": 3}
    file["backup"] = {"retention_days": 20, "lock": "governance", "lock_minimum_days": 5, "copy_to": _TO}
    file["backup"]["copy_retention_days"] = 15


def _with_fewer(file: dict[str, Any]) -> None:
    file["database"]["backup_retention_days"] = 2
    file["cache"] = {"snapshot_retention_days": 1}
    file["backup"] = {"retention_days": 10, "copy_to": _TO}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    folder = tmp_path_factory.mktemp("base")
    outdir = synthesize(folder, _ENVIRONMENT, change=_with_backups)
    keep(outdir, _NETWORK, _DATA, _BACKUP)
    with Rehearsal(load(_ENVIRONMENT), folder / "platform") as rehearsal:
        rehearsal.deploy(outdir, say=lambda line: None)
        yield Base(rehearsal, outdir)


def test_a_harmless_change_is_harmless(base: Base, tmp_path: Path) -> None:
    outdir = base.copy(tmp_path)
    edit(outdir, _DATA, lambda json_: only(json_, "aws_cloudwatch_log_group")[1].update(retention_in_days=14))

    made = base.review(outdir, _DATA)

    (change,) = made.plans[0].changes
    assert (change.type, change.action) == ("aws_cloudwatch_log_group", Action.CHANGED)
    assert [(item.path, item.before, item.after) for item in change.attributes] == [("retention_in_days", "7", "14")]
    assert (made.findings, made.exit_code) == ((), 0)


def test_another_cidr_replaces_the_vpc(base: Base, tmp_path: Path) -> None:
    outdir = synthesize(tmp_path, _ENVIRONMENT, old="10.20.0.0/16", new="10.40.0.0/16", change=_with_backups)

    made = base.review(outdir, _NETWORK)

    (lost,) = made.lost
    assert lost.address.startswith("aws_vpc.")
    assert "replaced, cidr_block: 10.20.0.0/16 → 10.40.0.0/16" in lost.says
    assert made.exit_code == 3
    assert base.review(outdir, _NETWORK, allow=(lost.address,)).exit_code == 0


def test_another_identifier_replaces_the_cluster(base: Base, tmp_path: Path) -> None:
    outdir = base.copy(tmp_path)
    edit(outdir, _DATA, lambda json_: only(json_, "aws_rds_cluster")[1].update(cluster_identifier="iot-renamed-dev"))

    made = base.review(outdir, _DATA)

    assert "aws_rds_cluster" in [item.address.split(".")[0] for item in made.lost]
    assert any("iot-aurora-dev → iot-renamed-dev" in item.says for item in made.lost)
    assert made.exit_code == 3


def test_what_aws_refuses_although_terraform_plans_it_is_named(base: Base, tmp_path: Path) -> None:
    outdir = base.copy(tmp_path)
    back = {"engine_version": "15", "storage_type": "aurora-iopt1"}
    edit(outdir, _DATA, lambda json_: only(json_, "aws_rds_cluster")[1].update(back))

    made = base.review(outdir, _DATA)

    assert {(item.kind, item.address.split(".")[0]) for item in made.findings} == {
        (FindingKind.ONE_WAY, "aws_rds_cluster")
    }
    assert [item.says.partition(":")[0] for item in made.findings] == [
        "engine version 16 → 15",
        "storage type gp2 → aurora-iopt1",  # moto's word for the standard
    ]
    assert made.exit_code == 1


def test_a_renamed_cluster_is_a_rename_until_it_is_moved(base: Base, tmp_path: Path) -> None:
    outdir = base.copy(tmp_path)
    ids: list[str] = []

    def rename(json_: dict[str, Any]) -> None:
        ids.append(only(json_, "aws_rds_cluster")[0])
        renamed = json.loads(json.dumps(json_).replace(f"aws_rds_cluster.{ids[0]}", "aws_rds_cluster.renamed"))
        renamed["resource"]["aws_rds_cluster"]["renamed"] = renamed["resource"]["aws_rds_cluster"].pop(ids[0])
        json_.update(renamed)

    edit(outdir, _DATA, rename)

    made = base.review(outdir, _DATA)

    assert [item.address for item in made.of(FindingKind.RENAME)] == ["aws_rds_cluster.renamed"]
    assert f"aws_rds_cluster.{ids[0]}" in [item.address for item in made.lost]

    # WHEN it is moved
    moved = {"from": f"aws_rds_cluster.{ids[0]}", "to": "aws_rds_cluster.renamed"}
    edit(outdir, _DATA, lambda json_: json_.update(moved=[moved]))
    made = base.review(outdir, _DATA)

    # THEN nothing else happens to it
    (change,) = made.plans[0].changes
    assert (change.action, change.previous_address) == (Action.MOVED, moved["from"])
    assert (made.findings, made.exit_code) == ((), 0)


def _remove_an_output_that_is_read(outdir: Path) -> str:
    configurations = {stack.name: stack.configuration for stack in stacks.find(_ENVIRONMENT, outdir=outdir)}
    _, output = sorted(references.reads_of(configurations)[_DATA])[0]
    edit(outdir, _NETWORK, lambda json_: json_["output"].pop(output))
    return output


def test_an_output_that_another_stack_reads_disappears(base: Base, tmp_path: Path) -> None:
    outdir = base.copy(tmp_path)
    output = _remove_an_output_that_is_read(outdir)

    made = base.review(outdir, _NETWORK)

    (finding,) = made.findings
    assert (finding.kind, finding.address, finding.is_red) == (FindingKind.OUTPUT, output, True)
    assert _DATA in finding.says
    assert made.exit_code == 1


def test_an_opened_port_is_called_out(base: Base, tmp_path: Path) -> None:
    outdir = base.copy(tmp_path)

    def open_database(json_: dict[str, Any]) -> None:
        group, _ = only(json_, "aws_security_group")
        rules = json_["resource"].setdefault("aws_vpc_security_group_ingress_rule", {})
        rules["opened"] = {
            "security_group_id": f"${{aws_security_group.{group}.id}}",
            "cidr_ipv4": "0.0.0.0/0",
            "ip_protocol": "tcp",
            "from_port": 5432,
            "to_port": 5432,
        }

    edit(outdir, _DATA, open_database)

    (finding,) = base.review(outdir, _DATA).findings

    assert (finding.kind, finding.says, finding.is_red) == (FindingKind.PORT, "opened", True)
    assert finding.more[0].startswith("tcp 5432 from 0.0.0.0/0 into sg-")


def test_a_widened_policy_is_called_out(base: Base, tmp_path: Path) -> None:
    outdir = base.copy(tmp_path)

    def widen(json_: dict[str, Any]) -> None:
        _, policy = only(json_, "aws_iam_role_policy")
        document = json.loads(policy["policy"])
        document["Statement"].append({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"})
        policy["policy"] = json.dumps(document)

    edit(outdir, _NETWORK, widen)

    (finding,) = base.review(outdir, _NETWORK).findings

    assert (finding.kind, finding.says, finding.more) == (FindingKind.IAM, "widened", ("iam:PassRole on *",))


def test_backups_that_are_given_up_and_a_queue_that_goes_are_red(base: Base, tmp_path: Path) -> None:
    made = base.review(synthesize(tmp_path, _ENVIRONMENT, change=_with_fewer), _DATA, _BACKUP)

    assert not made.failed
    red = {
        (item.kind, item.address.partition(".")[0], item.says.partition(";")[0].rpartition("Lost: ")[2])
        for item in made.findings
        if item.is_red
    }
    assert red == {
        (FindingKind.STATEFUL, "aws_sqs_queue", "the messages in it"),
        (FindingKind.STATEFUL, "aws_kms_key", "everything encrypted with it"),
        (FindingKind.BACKUPS, "aws_rds_cluster", "backup_retention_period: 5 → 2"),
        (FindingKind.BACKUPS, "aws_elasticache_replication_group", "snapshot_retention_limit: 3 → 1"),
        (FindingKind.BACKUPS, "aws_backup_plan", "rule.lifecycle.delete_after: 20 → 10"),
        (FindingKind.BACKUPS, "aws_backup_plan", "rule.copy_action.lifecycle.delete_after: 15 → 7"),
        (
            FindingKind.BACKUPS,
            "aws_backup_vault_lock_configuration",
            "the vault's lock is removed: whoever may delete backups can delete those in it",
        ),
    }
    assert made.exit_code == 3


def _without_copies(file: dict[str, Any]) -> None:
    _with_backups(file)
    del file["backup"]["copy_to"], file["backup"]["copy_retention_days"]


def test_copies_that_end_are_refused_as_terraform_refuses_them(base: Base, tmp_path: Path) -> None:
    """It cannot destroy what is in a region of which the configuration has no provider any more."""
    made = base.review(synthesize(tmp_path, _ENVIRONMENT, change=_without_copies), _BACKUP)

    (refused,) = {item.says for item in made.findings}
    assert refused.endswith("the provider of its region is no longer there: the plan ends there")
    assert "aws_backup_vault" in {item.address.partition(".")[0] for item in made.lost}
    assert made.exit_code == 3


def _rehearse(base: Base, outdir: Path) -> Page:
    return _page(outdir, base.rehearsal.change(outdir, base=base.outdir, say=lambda line: None))


def test_an_unchanged_platform_is_not_even_planned(base: Base, tmp_path: Path) -> None:
    made = _rehearse(base, base.copy(tmp_path))

    assert [(plan.name, plan.note) for plan in made.plans] == [
        (name, "unchanged") for name in (_NETWORK, _DATA, _BACKUP)
    ]
    assert made.verdict == "Nothing changes"


def test_a_stack_that_is_gone_shows_what_nobody_manages_any_more(base: Base, tmp_path: Path) -> None:
    outdir = base.copy(tmp_path)
    keep(outdir, _NETWORK)

    made = _rehearse(base, outdir)

    assert all("no longer a stack" in plan.note for plan in made.plans[1:])
    assert {"aws_rds_cluster", "aws_elasticache_replication_group"} <= {
        item.address.split(".")[0] for item in made.lost
    }


# From here on the base is changed, as a deployment would.


class Standing:
    """In the place of a `Rehearsal` of its own: the base, which stands already and goes on standing."""

    def __init__(self, base: Base) -> None:
        self.change = base.rehearsal.change

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def deploy(self, outdir: Path, *, say: Say) -> None:
        say(f"{outdir} stands")


def test_the_command_itself(base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its arguments to exit code and files; the base is not deployed once more, and the JSON is prepared."""
    changed = base.copy(tmp_path)

    def copy(tree: Path, environment: str, outdir: Path, **_: object) -> None:
        assert (tree / "environments" / f"{environment}.toml").is_file()
        shutil.copytree(base.outdir if tree.name == "base" else changed, outdir)

    monkeypatch.setattr(terraform, "WORK", tmp_path / "work")
    monkeypatch.setattr(revision, "synthesize", copy)
    monkeypatch.setattr("tools.change.rehearsal.Rehearsal", lambda environment, folder: Standing(base))
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)

    def run(**attributes: object) -> tuple[int, dict[str, Any]]:
        edit(changed, _NETWORK, lambda json_: only(json_, "aws_cloudwatch_log_group")[1].update(attributes))
        code = main(["rehearsal", "--env", _ENVIRONMENT, "--base", "HEAD"])
        pages = tmp_path / "work" / "review" / _ENVIRONMENT
        written = {ending: (pages / f"rehearsal.{ending}").read_text() for ending in ("html", "md", "json")}
        document: dict[str, Any] = json.loads(written.pop("json"))
        assert document["exit_code"] == code
        assert all(document["findings"][0]["address"] in text for text in written.values() if document["findings"])
        return code, document

    # WHEN nothing is lost
    code, said = run(retention_in_days=14)
    assert (code, said["verdict"]) == (0, "Nothing stateful is lost; 1 resource in one stack")
    assert said["subject"].startswith("HEAD (")
    assert [stack["note"] for stack in said["stacks"]] == ["", "unchanged", "unchanged"]

    # WHEN the logs are
    code, said = run(name="/iot/dev/other")
    assert code == 3
    lost = said["findings"][0]
    assert (lost["kind"], lost["red"]) == (FindingKind.STATEFUL, True)
    assert "name: /iot/dev/vpc-flow → /iot/dev/other" in lost["says"]


def test_copies_outlive_their_setting_as_the_documentation_says(base: Base, tmp_path: Path) -> None:
    # GIVEN that Terraform has forgotten what is in the second region
    folder, environ = base.outdir / "stacks" / _BACKUP, base.rehearsal.environ
    addresses = terraform.run(["state", "list"], cwd=folder, environ=environ).stdout.split()
    copies = [address for address in addresses if address.partition(".")[2].startswith("copies_")]
    terraform.run(["state", "rm", *copies], cwd=folder, environ=environ)

    # WHEN the setting is taken away, THEN the plan succeeds, and the page is red only because copies end
    made = base.review(synthesize(tmp_path, _ENVIRONMENT, change=_without_copies), _BACKUP)

    assert {address.partition(".")[0] for address in copies} >= {"aws_backup_vault", "aws_kms_key"}
    assert made.failed == []
    (lost,) = {(item.address.partition(".")[0], item.says) for item in made.lost}
    assert lost[0] == "aws_backup_plan"
    assert "backups are no longer copied" in lost[1]
    assert {change.address.partition(".")[0] for change in made.plans[0].changes} == {
        "aws_backup_plan",
        "aws_iam_role_policy",
    }


def test_a_change_that_fails_downstream_fails_in_the_rehearsal(base: Base, tmp_path: Path) -> None:
    outdir = base.copy(tmp_path)
    output = _remove_an_output_that_is_read(outdir)

    made = _rehearse(base, outdir)

    assert [plan.name for plan in made.failed] == [_DATA]
    assert output in made.failed[0].errors[0]
    assert made.of(FindingKind.OUTPUT)


def test_a_vpc_that_is_used_is_refused_and_what_comes_after_is_planned(base: Base, tmp_path: Path) -> None:
    """The last one."""
    outdir = synthesize(tmp_path, _ENVIRONMENT, old="10.20.0.0/16", new="10.40.0.0/16", change=_with_backups)
    keep(outdir, _NETWORK, _DATA, _BACKUP)

    made = _rehearse(base, outdir)

    # THEN AWS says no, in its words
    (network,) = made.failed
    assert network.name == _NETWORK
    assert "later stacks are planned as if it did not" in network.note
    said = "\n".join(network.errors)
    assert "Cannot delete the subnet group 'iot-database-dev' because at least one database cluster" in said
    assert "CacheSubnetGroupInUse: The subnet group iot-cache-dev is currently in use" in said
    assert (made.exit_code, "fails in iot-dev-network" in made.verdict) == (3, True)

    # THEN the next stack has a plan that reads the new network
    data = made.plans[1]
    assert (data.errors, data.note) == ((), f"as if {_NETWORK} had not been refused")
    groups = [change for change in data.changes if change.type == "aws_security_group"]
    assert groups
    assert all(change.action is Action.REPLACED and "vpc_id" in change.cause for change in groups)
