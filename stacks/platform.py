"""All stacks of one environment, in the order in which one needs the other."""

from __future__ import annotations

from constructs import Construct

from environments import Environment
from stacks.bootstrap import BootstrapStack
from stacks.data import DataStack
from stacks.egress import EgressStack
from stacks.network import NetworkStack


def add_environment(scope: Construct, environment: Environment) -> None:
    """Add every stack of `environment`. A short-lived copy has no bootstrap: it uses its original's bucket."""
    if environment.suffix is None:
        BootstrapStack(scope, environment=environment)
    network = NetworkStack(scope, environment=environment)
    EgressStack(scope, environment=environment, network=network.network)
    DataStack(scope, environment=environment, network=network.network, logs_key_arn=network.logs_key_arn)
