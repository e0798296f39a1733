"""Which alarms follow from which settings, and their thresholds."""

from __future__ import annotations

from typing import Any

import pytest

from modules.monitoring import (
    Row,
    api_row,
    cache_row,
    database_row,
    egress_row,
    entry_row,
    files_row,
    rotation_row,
    service_row,
)
from modules.monitoring.alarms import Alarm, Metric
from modules.monitoring.cache_nodes import CacheNodes
from modules.monitoring.rows.database import max_connections
from settings import Environment, load
from settings.cache import CacheAutoscalingSettings

CERTIFICATE = "arn:aws:acm:ca-central-1:111111111111:certificate/12345678-1234-1234-1234-123456789012"


def environment(part: str = "monitoring", **changes: Any) -> Environment:
    loaded = load("iot-dev")
    return loaded.model_copy(update={part: getattr(loaded, part).model_copy(update=changes)})


def by_id(row: Row) -> dict[str, Alarm]:
    found = {alarm.id: alarm for alarm in row.alarms}
    assert len(found) == len(row.alarms)
    return found


def database(**changes: Any) -> dict[str, Alarm]:
    made = environment("database", **changes)
    return by_id(database_row(made.database, made.monitoring, cluster="iot-aurora-dev"))


def cache(**changes: Any) -> dict[str, Alarm]:
    made = environment("cache", **changes)
    return by_id(cache_row(made.cache, made.monitoring, group="iot-redis-dev"))


def files(mounting_tasks: int = 2, **changes: Any) -> dict[str, Alarm]:
    made = environment("storage", **changes)
    return by_id(files_row(made.storage, made.monitoring, file_system="fs-1", mounting_tasks=mounting_tasks))


def entry(**changes: Any) -> dict[str, Alarm]:
    made = environment("service", **changes)
    return by_id(entry_row(made.service, made.monitoring, load_balancer="net/a/1", target_group="targetgroup/a/1"))


def service(**changes: Any) -> dict[str, Alarm]:
    made = environment("service", **changes)
    return by_id(service_row(made.service, made.monitoring, cluster="iot-service-dev", service="iot-service-dev"))


def test_silence_of_a_database_that_may_pause_is_no_fault() -> None:
    assert database(min_capacity=0.0)["capacity"].missing == "notBreaching"
    assert database(min_capacity=0.5)["capacity"].missing == "breaching"
    assert all(alarm.missing == "notBreaching" for id_, alarm in database().items() if id_ != "capacity")


def test_memory_of_a_paused_database_counts_as_free() -> None:
    alarm = database(max_capacity=4.0)["memory"]

    whole = 4 * 2 * 1024**3
    assert alarm.expression == f"IF(m2 > 0, m1, {whole})"
    assert alarm.metrics[1].name == "ServerlessDatabaseCapacity"
    assert (alarm.comparison, alarm.threshold) == ("below", whole // 10)


# The rows of the table in the Aurora User Guide: "Maximum connections for Aurora Serverless v2".
@pytest.mark.parametrize(
    ("capacity", "connections"), [(1.0, 189), (4.0, 823), (8.0, 1669), (16.0, 3360), (32.0, 5000), (256.0, 5000)]
)
def test_connections_follow_from_the_memory_at_the_largest(capacity: float, connections: int) -> None:
    assert max_connections(1.0, capacity) == connections
    assert max_connections(0.5, capacity) == min(connections, 2000)


def test_the_threshold_of_connections_is_a_share_of_them() -> None:
    assert database(min_capacity=1.0, max_capacity=16.0)["connections"].threshold == 3360 * 80 // 100


def test_a_writer_alone_has_no_reader_to_be_behind() -> None:
    assert "replica-lag" not in database(instances=1)
    assert database(instances=2)["replica-lag"].threshold == 5000


def test_nodes_are_named_as_elasticache_does() -> None:
    settings = load("iot-dev").cache
    replicated = settings.model_copy(update={"form": "replicated", "replicas_per_shard": 2})
    sharded = replicated.model_copy(update={"form": "cluster", "shards": 2, "replicas_per_shard": 1})

    assert CacheNodes("g", settings).ids == ("g-001",)
    assert [metric.label for metric in CacheNodes("g", settings).metrics("CacheHits", "Sum")] == ["node 001"]
    assert CacheNodes("g", replicated).ids == ("g-001", "g-002", "g-003")
    assert CacheNodes("g", sharded).ids == ("g-0001-001", "g-0001-002", "g-0002-001", "g-0002-002")


@pytest.mark.parametrize(("dimension", "nodes"), [("shards", 8), ("replicas", 10)])
def test_nodes_that_autoscaling_may_make_are_watched_before_they_are_there(dimension: Any, nodes: int) -> None:
    scaling = CacheAutoscalingSettings(dimension=dimension, min_count=1, max_count=4, cpu_target_percent=60)
    settings = load("globecart-dev").cache.model_copy(
        update={"shards": 2, "replicas_per_shard": 1, "autoscaling": scaling}
    )

    assert len(CacheNodes("g", settings).ids) == nodes


def test_a_large_cache_has_an_alarm_for_every_ten_nodes() -> None:
    made = cache(form="cluster", shards=7, replicas_per_shard=2)

    assert {"cpu", "cpu-2", "cpu-3"} <= made.keys()
    watched = [metric.dimensions["CacheClusterId"] for id_ in ("cpu", "cpu-2", "cpu-3") for metric in made[id_].metrics]
    assert watched == list(CacheNodes("iot-redis-dev", load("iot-dev").cache.model_copy(
        update={"form": "cluster", "shards": 7, "replicas_per_shard": 2})).ids)  # fmt: skip
    assert made["memory-3"].critical


def test_a_cache_without_replicas_has_none_to_be_behind() -> None:
    assert "replica-lag" not in cache()
    assert cache(form="replicated", replicas_per_shard=1)["replica-lag"].threshold == 30


def test_burst_credits_count_in_bursting_mode_only() -> None:
    assert "burst-credits" not in files()
    alarm = files(throughput_mode="bursting")["burst-credits"]
    assert (alarm.comparison, alarm.metrics[0].statistic) == ("below", "Minimum")


def test_as_many_clients_are_expected_as_tasks_mount_the_files() -> None:
    assert "clients" not in files(mounting_tasks=0)
    alarm = files(mounting_tasks=3)["clients"]
    # A sum over one minute is the number of connections; over more it would be a multiple.
    assert (alarm.threshold, alarm.metrics[0].statistic, alarm.period_seconds) == (3, "Sum", 60)
    assert alarm.missing == "breaching"


def test_tls_can_fail_only_where_it_is_spoken() -> None:
    assert "tls-errors" not in entry()
    assert "tls-errors" in entry(certificate_arn=CERTIFICATE)


def test_a_service_of_fixed_size_cannot_grow() -> None:
    assert "at-most" not in service(min_count=2, max_count=2)
    assert service(min_count=2, max_count=6)["at-most"].threshold == 6


def test_missing_tasks_are_those_desired_that_do_not_run() -> None:
    alarm = service()["tasks-missing"]

    assert [metric.name for metric in alarm.metrics] == ["DesiredTaskCount", "RunningTaskCount"]
    assert (alarm.expression, alarm.comparison, alarm.threshold) == ("m1 - m2", "above", 0)
    assert alarm.missing == "breaching"


def test_shares_of_requests_are_set_in_percent() -> None:
    thresholds = environment(api_errors_percent=2.5, api_latency_ms=1500).monitoring
    made = by_id(
        api_row(
            thresholds,
            api="iot-api-dev",
            stage="v1",
            web_acl="iot-api-dev",
            canary=None,
            region="ca-central-1",
            throttled=Metric("Api", "iot-throttled-dev", {}, "Sum", "429"),
        )
    )

    assert (made["errors"].threshold, made["errors"].metrics[0].statistic) == (0.025, "Average")
    assert (made["latency"].threshold, made["latency"].metrics[0].statistic) == (1500, "p99")
    assert made["throttled"].metrics[0].name == "iot-throttled-dev"


@pytest.mark.parametrize("gateways", [1, 2, 3])
def test_one_alarm_sums_up_all_nat_gateways(gateways: int) -> None:
    made = by_id(egress_row(environment().monitoring, nat_gateways=[f"nat-{n}" for n in range(gateways)]))

    assert made.keys() == {"ports", "packets-dropped"}
    assert len(made["ports"].metrics) == gateways


def test_old_credentials_and_two_days_of_silence_are_the_same_fault() -> None:
    loaded = environment(rotation_age_days=40)
    alarm = by_id(
        rotation_row(
            loaded.rotation, loaded.monitoring, function="iot-rotation-dev", failed_rule="rule", secret_arn="arn"
        )
    )["age"]

    assert (alarm.threshold, alarm.periods, alarm.period_seconds, alarm.missing) == (40, 2, 86_400, "breaching")
    assert "40 days" in alarm.description
    assert alarm.critical


def test_a_slow_function_is_noticed_before_lambda_ends_it() -> None:
    loaded = environment("rotation", timeout_seconds=100)
    made = by_id(rotation_row(loaded.rotation, loaded.monitoring, function="f", failed_rule="rule", secret_arn="arn"))

    assert made["slow"].threshold == 80_000
