"""All stacks of one environment, in the order of their dependencies."""

from __future__ import annotations

from constructs import Construct

from modules.rotation import CodePackage
from settings import Environment
from stacks.api import ApiStack
from stacks.backup import BackupStack
from stacks.bootstrap import BootstrapStack
from stacks.data import DataStack
from stacks.egress import EgressStack
from stacks.entry import EntryStack
from stacks.front import FrontStack
from stacks.monitoring import MonitoringStack
from stacks.network import NetworkStack
from stacks.rotation import RotationStack
from stacks.secrets import SecretsStack
from stacks.service import ServiceStack
from stacks.stage import StageStack


def add_environment(scope: Construct, environment: Environment, *, package: CodePackage) -> None:
    """Add every stack of `environment`. An ephemeral environment has no bootstrap: it uses the original's bucket.

    `package` is the zip of the rotation function.
    """
    if environment.suffix is None:
        BootstrapStack(scope, environment=environment)
    network = NetworkStack(scope, environment=environment)
    egress = EgressStack(scope, environment=environment, network=network)
    entry = EntryStack(scope, environment=environment, network=network)
    rotation = RotationStack(scope, environment=environment, network=network, package=package)
    data = DataStack(scope, environment=environment, network=network)
    backup = None
    if environment.backup is not None:
        backup = BackupStack(scope, environment=environment, settings=environment.backup, network=network, data=data)
    api = ApiStack(scope, environment=environment, network=network, entry=entry)
    stage = StageStack(scope, api=api)
    if environment.fronted is not None:
        FrontStack(scope, settings=environment.fronted, stage=stage)
    secrets = SecretsStack(scope, environment=environment, network=network, rotation=rotation, data=data, egress=egress)
    service = ServiceStack(
        scope, environment=environment, network=network, data=data, secrets=secrets, egress=egress, entry=entry
    )
    MonitoringStack(
        scope,
        network=network,
        egress=egress,
        entry=entry,
        data=data,
        backup=backup,
        secrets=secrets,
        service=service,
        stage=stage,
    )
