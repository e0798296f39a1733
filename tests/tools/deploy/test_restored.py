"""No empty database is made where an earlier one has left a snapshot; all tools played."""

from __future__ import annotations

import pytest
from fake_tools import Tools

from settings import load
from tests.tools.deploy.kept_parts import CONFIRMED, NAME, aws
from tools.deploy import restored
from tools.deploy.__main__ import main

CALLS = [["deploy", "--env", NAME, "--approve"], ["apply", "--env", NAME], ["unprotect", *CONFIRMED]]


def _cluster() -> None:
    aws("rds").create_db_cluster(
        DBClusterIdentifier="iot-aurora-dev", Engine="aurora-postgresql", MasterUsername="owner",
        MasterUserPassword="only-for-this",
    )  # fmt: skip


def _destroyed(*snapshots: str) -> None:
    _cluster()
    *earlier, last = snapshots
    for name in earlier:
        aws("rds").create_db_cluster_snapshot(DBClusterSnapshotIdentifier=name, DBClusterIdentifier="iot-aurora-dev")
    aws("rds").delete_db_cluster(DBClusterIdentifier="iot-aurora-dev", FinalDBSnapshotIdentifier=last)


@pytest.mark.parametrize("call", CALLS)
def test_a_database_that_left_a_snapshot_is_not_made_empty(
    tools: Tools, call: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    _destroyed("z-first", "a-last")

    assert main(call) == 1

    assert tools.changes() == []
    said = capsys.readouterr().err
    assert "environments/iot-dev.toml: database.restore_from is not set" in said
    assert 'the newest is "a-last"' in said
    assert '"empty"' in said


def test_one_that_stands_or_never_was_is_deployed(tools: Tools) -> None:
    assert main(CALLS[0]) == 0
    _cluster()
    aws("rds").create_db_cluster_snapshot(DBClusterSnapshotIdentifier="s", DBClusterIdentifier="iot-aurora-dev")

    assert main(CALLS[0]) == 0
    assert len(tools.ran("deploy")) == 2


@pytest.mark.parametrize("chosen", ["empty", "a-last"])
def test_whoever_has_chosen_is_not_asked(tools: Tools, chosen: str) -> None:
    _destroyed("a-last")
    environment = load(NAME)
    database = environment.database.model_copy(update={"restore_from": chosen})

    restored.refuse_empty(environment.model_copy(update={"database": database}), rds=aws("rds"))


def test_a_snapshot_of_another_cluster_is_no_reason(tools: Tools) -> None:
    _cluster()
    aws("rds").create_db_cluster_snapshot(DBClusterSnapshotIdentifier="s", DBClusterIdentifier="iot-aurora-dev")
    environment = load("iot-prod")

    restored.refuse_empty(environment, rds=aws("rds"))
