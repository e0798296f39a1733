"""What is watched on the way of a request: API Gateway and its firewall, the load balancer, the tasks."""

from __future__ import annotations

from modules.monitoring.alarms import Alarm, Chart, Metric, Row
from settings.monitoring import MonitoringSettings
from settings.service import ServiceSettings

# Scaling in and out, and the start of a task, take some minutes; so long a deployment may lack tasks.
_MINUTES_TO_START = 10
_MINUTES_AT_THE_MOST = 30


def service_row(settings: ServiceSettings, thresholds: MonitoringSettings, *, cluster: str, service: str) -> Row:
    """The ECS service. Without Container Insights nobody counts its tasks, so that no count at all is a fault."""
    where = {"ClusterName": cluster, "ServiceName": service}

    def used(name: str, label: str) -> Metric:
        return Metric("AWS/ECS", name, where, "Average", label)

    def counted(name: str, label: str) -> Metric:
        return Metric("ECS/ContainerInsights", name, where, "Average", label)

    running, desired = counted("RunningTaskCount", "running"), counted("DesiredTaskCount", "desired")
    minutes, cpu, memory = thresholds.sustained_minutes, thresholds.cpu_percent, thresholds.memory_percent
    alarms = [
        Alarm(
            "tasks-missing",
            "Tasks missing",
            (desired, running),
            "above",
            0,
            "tasks",
            max(minutes, _MINUTES_TO_START),
            "Fewer tasks are running than desired, or Container Insights stopped reporting.",
            "Read the events of the ECS service and the stop reason of its last tasks. "
            "ECS rolls back a deployment that cannot start.",
            expression="m1 - m2",
            drawn="expression",
            missing="breaching",
            critical=True,
        ),
        Alarm(
            "cpu",
            "CPU of the tasks",
            (used("CPUUtilization", "average"),),
            "above",
            cpu,
            "%",
            minutes,
            f"The tasks have used more than {cpu} % of their CPU although the service scales at "
            f"{settings.cpu_target_percent} %.",
            "Raise service.max_count if it is reached, else service.cpu; look for what became slow.",
        ),
        Alarm(
            "memory",
            "Memory of the tasks",
            (used("MemoryUtilization", "average"),),
            "above",
            memory,
            "%",
            minutes,
            f"The tasks have used more than {memory} % of their memory; at 100 % ECS stops them.",
            "Look for a leak, which grows from one deployment to the next; else raise service.memory_mb.",
        ),
    ]
    if settings.max_count > settings.min_count:
        alarms.append(
            Alarm(
                "at-most",
                "Scaled to the most",
                (desired,),
                "at or above",
                settings.max_count,
                "tasks",
                _MINUTES_AT_THE_MOST,
                f"The service has wanted its most tasks, service.max_count = {settings.max_count}, for half an hour: "
                "it cannot grow with more load.",
                "Raise max_count, and database.max_capacity with it where the database is what they wait for.",
            )
        )
    charts = (Chart("Tasks", (running, desired), "tasks"),)
    return Row("service", "Service: ECS Fargate", tuple(alarms), charts)


def entry_row(
    settings: ServiceSettings, thresholds: MonitoringSettings, *, load_balancer: str, target_group: str
) -> Row:
    """The network load balancer, named by the suffixes of its and the target group's ARN."""
    minutes = thresholds.sustained_minutes
    balancer = {"LoadBalancer": load_balancer}
    targets = {**balancer, "TargetGroup": target_group}

    def of_balancer(name: str, statistic: str, label: str) -> Metric:
        return Metric("AWS/NetworkELB", name, balancer, statistic, label)

    healthy = Metric("AWS/NetworkELB", "HealthyHostCount", targets, "Maximum", "healthy")
    unhealthy = Metric("AWS/NetworkELB", "UnHealthyHostCount", targets, "Maximum", "unhealthy")
    alarms = [
        Alarm(
            "no-healthy-task",
            "Healthy tasks",
            (healthy,),
            "below",
            1,
            "tasks",
            min(minutes, 5),
            f"No task passes the load balancer's health check of {settings.health_check_path}: "
            "every request to the service fails.",
            "Read the log of the service; see whether its tasks run, and reach database and cache.",
            missing="breaching",
            critical=True,
        ),
        Alarm(
            "unhealthy-task",
            "Unhealthy tasks",
            (unhealthy,),
            "above",
            0,
            "tasks",
            max(minutes, _MINUTES_TO_START),
            f"A task fails the health check of {settings.health_check_path} and is not replaced.",
            "Read the log of that task; stop it, and ECS starts another.",
        ),
        Alarm(
            "ports",
            "Ports run out",
            (of_balancer("PortAllocationErrorCount", "Sum", "errors"),),
            "above",
            0,
            "a minute",
            min(minutes, 5),
            "The load balancer has no port left for connections to a task, and refuses them.",
            "More tasks give it more ports: raise service.min_count.",
        ),
    ]
    if settings.certificate_arn is not None:
        alarms.append(
            Alarm(
                "tls-errors",
                "TLS handshakes that fail",
                (of_balancer("ClientTLSNegotiationErrorCount", "Sum", "errors"),),
                "above",
                0,
                "a minute",
                minutes,
                "API Gateway and the load balancer do not agree on TLS: requests fail with 500.",
                "See that service.certificate_arn is valid and names api.service_host_name.",
            )
        )
    charts = (
        Chart("Connections", (of_balancer("ActiveFlowCount", "Average", "open"),), "connections"),
        Chart("Data", (of_balancer("ProcessedBytes", "Sum", "in and out"),), "bytes a minute"),
    )
    return Row("entry", "Entry: network load balancer", tuple(alarms), charts)


def api_row(
    thresholds: MonitoringSettings,
    *,
    api: str,
    stage: str,
    web_acl: str,
    region: str,
    throttled: Metric,
    canary: tuple[Metric, Metric] | None,
) -> Row:
    """The stage and its firewall. API Gateway counts 429 among all 4xx; `throttled` counts it alone, from the log.

    `canary` are its requests with 5xx, and all of them.
    """
    minutes = thresholds.sustained_minutes

    def metric(name: str, statistic: str, label: str) -> Metric:
        return Metric("AWS/ApiGateway", name, {"ApiName": api, "Stage": stage}, statistic, label)

    blocked = Metric(
        "AWS/WAFV2", "BlockedRequests", {"WebACL": web_acl, "Region": region, "Rule": "ALL"}, "Sum", "blocked"
    )
    alarms = [
        Alarm(
            "errors",
            "5xx answers",
            (metric("5XXError", "Average", "share"),),
            "above",
            thresholds.api_errors_percent / 100,
            "share of requests",
            minutes,
            f"More than {thresholds.api_errors_percent:g} % of all requests fail with 5xx.",
            "The access log of the API says which path and whether the integration failed; then the service's own log.",
            critical=True,
        ),
        Alarm(
            "refused",
            "4xx answers",
            (metric("4XXError", "Average", "share"),),
            "above",
            thresholds.api_refused_percent / 100,
            "share of requests",
            minutes,
            f"More than {thresholds.api_refused_percent:g} % of all requests are refused with 4xx.",
            "The access log has the status. 403: WAF or a missing API key; 429: the usage plan; other codes: "
            "probably a change in a client.",
        ),
        Alarm(
            "throttled",
            "429 answers",
            (throttled,),
            "above",
            thresholds.api_throttled_per_minute,
            "a minute",
            minutes,
            f"More than {thresholds.api_throttled_per_minute} requests a minute are answered with 429: they are over a "
            "limit of the usage plan or of the stage.",
            "The access log has the id of the API key: ask that client to slow down, or raise the rate_limit of its "
            "plan in api.plans; a request without one is over api.stage_rate_limit.",
        ),
        Alarm(
            "latency",
            "Latency of the slowest 1 %",
            (metric("Latency", "p99", "p99"),),
            "above",
            thresholds.api_latency_ms,
            "ms",
            minutes,
            f"One request of a hundred takes more than {thresholds.api_latency_ms} ms.",
            "Compare it with that of the integration: the rest is API Gateway's own; else look at the CPU of tasks and "
            "database.",
            critical=True,
        ),
        Alarm(
            "blocked",
            "Requests blocked by WAF",
            (blocked,),
            "above",
            thresholds.firewall_blocked_per_minute,
            "a minute",
            minutes,
            f"WAF blocks more than {thresholds.firewall_blocked_per_minute} requests a minute.",
            "WAF's log names the rule and the addresses. An attack is being blocked; a changed client needs a fix.",
        ),
    ]
    if canary is not None:
        alarms.append(
            Alarm(
                "canary-errors",
                "5xx answers of the canary",
                canary,
                "above",
                thresholds.api_errors_percent / 100,
                "share of its requests",
                minutes,
                f"More than {thresholds.api_errors_percent:g} % of the requests that get the newest definition of the "
                "API fail with 5xx.",
                "Revert the change of the API and deploy; do not delete api.canary_percent before, which would give it "
                "to all.",
                expression="IF(m2 > 0, m1 / m2, 0)",
                drawn="expression",
            )
        )
    charts = (
        Chart("Requests", (metric("Count", "Sum", "all"),), "a minute"),
        Chart(
            "Latency",
            (metric("Latency", "p50", "p50"), metric("IntegrationLatency", "p50", "p50 of the service")),
            "ms",
        ),
    )
    return Row("api", "API: API Gateway and firewall", tuple(alarms), charts)
