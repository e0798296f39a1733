"""Every metric that is watched or drawn exists: those of listed namespaces are in the committed list."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from all_environments import environment_names
from synthesized import Synthesized, read_stack
from watched import alarms, drawn, metrics

LIST = Path(__file__).parents[1] / "modules" / "monitoring" / "cloudwatch_metrics.csv"
every_environment = pytest.mark.parametrize("environment", environment_names())
Metrics = set[tuple[str, str, frozenset[str]]]


def known_metrics() -> Metrics:
    """The committed list: namespace, metric, names of its dimensions."""
    with LIST.open(encoding="utf-8", newline="") as file:
        return {(row["namespace"], row["metric"], frozenset(row["dimensions"].split())) for row in csv.DictReader(file)}


def unlisted(used: Metrics, known: Metrics) -> Metrics:
    """What is not listed of namespaces that are. Of a namespace that is not listed, nobody can tell."""
    namespaces = {namespace.casefold() for namespace, _, _ in known}
    return {metric for metric in used - known if metric[0].casefold() in namespaces}


def own_metrics(stack: Synthesized) -> Metrics:
    """What the stack's log metric filters write."""
    written = [made["metric_transformation"] for made in stack.all("aws_cloudwatch_log_metric_filter")]
    return {(made["namespace"], made["name"], frozenset()) for made in written}


@every_environment
def test_every_metric_is_in_the_list_of_its_namespace_with_these_dimensions(app_outdir: Path, environment: str) -> None:
    stack = read_stack(app_outdir, f"{environment}-monitoring")
    known = known_metrics() | own_metrics(stack)
    used = {
        (namespace, name, frozenset(dimensions))
        for source in ([found for alarm in alarms(stack).values() for found in metrics(alarm)], drawn(stack))
        for namespace, name, dimensions in source
    }

    assert not unlisted(used, known)


def test_a_typing_error_in_a_listed_namespace_is_noticed_and_a_new_namespace_passes() -> None:
    cluster = frozenset({"DBClusterIdentifier"})
    wrong: Metrics = {
        ("AWS/RDS", "CPUUtilisation", cluster),
        ("AWS/rds", "CPUUtilization", cluster),
        ("AWS/RDS", "CPUUtilization", frozenset({"DBCluster"})),
    }

    assert ("AWS/RDS", "CPUUtilization", cluster) in known_metrics()
    assert unlisted(wrong, known_metrics()) == wrong
    assert not unlisted({("AWS/Firehose", "IncomingBytes", frozenset({"DeliveryStreamName"}))}, known_metrics())


def test_the_list_has_a_source_for_every_metric_and_nothing_twice() -> None:
    with LIST.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert all(row["source"] for row in rows)
    assert rows == sorted(rows, key=lambda row: (row["namespace"], row["metric"]))
    assert len({(row["namespace"], row["metric"], row["dimensions"]) for row in rows}) == len(rows)


def test_the_age_is_what_the_rotation_function_reports() -> None:
    source = (Path(__file__).parents[2] / "rotation_lambda" / "rotation" / "report.py").read_text(encoding="utf-8")
    written = dict(re.findall(r'^([A-Z]+) = "(\w+)"$', source, re.MULTILINE))

    assert (written["NAMESPACE"], written["METRIC"], frozenset({written["DIMENSION"]})) in known_metrics()
