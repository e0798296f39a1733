"""The alarms along the path of a request: API Gateway and its firewall, the load balancer, the tasks."""

from __future__ import annotations

from modules.monitoring.alarms import Alarm, Chart, Metric, Row
from settings.monitoring import MonitoringSettings
from settings.service import ServiceSettings

# Scaling, and the start of a task, take some minutes, during which tasks may be missing.
_MINUTES_TO_START = 10
_MINUTES_AT_THE_MOST = 30


def service_row(settings: ServiceSettings, thresholds: MonitoringSettings, *, cluster: str, service: str) -> Row:
    """The ECS service. Container Insights counts its tasks; missing data means that it is off, and fires the alarm."""
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
            "If service.max_count is reached, raise it; otherwise raise service.cpu. Look for code that has become "
            "slow.",
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
            "Look for a memory leak, which grows until the next deployment. If there is none, raise service.memory_mb.",
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
                f"The service has run its maximum number of tasks, service.max_count = {settings.max_count}, for half "
                "an hour, so it cannot scale out any further.",
                "Raise max_count. If the tasks wait for the database, raise database.max_capacity too.",
            )
        )
    charts = (Chart("Tasks", (running, desired), "tasks"),)
    return Row("service", "Service: ECS Fargate", tuple(alarms), charts)


def entry_row(
    settings: ServiceSettings, thresholds: MonitoringSettings, *, load_balancer: str, target_group: str
) -> Row:
    """The network load balancer. Its metrics use the suffixes of its ARN and of the target group's ARN."""
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
            f"No task passes the load balancer's health check of {settings.health_check_path}, so "
            "every request to the service fails.",
            "Read the log of the service. Check that its tasks run, and that they can reach the database and the "
            "cache.",
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
            "Read the log of that task. Then stop the task; ECS starts a new one.",
        ),
        Alarm(
            "ports",
            "Ports run out",
            (of_balancer("PortAllocationErrorCount", "Sum", "errors"),),
            "above",
            0,
            "a minute",
            min(minutes, 5),
            "The load balancer has no free port for new connections to a task, so they fail.",
            "Raise service.min_count: with more tasks, more ports are available.",
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
                "TLS connections from API Gateway to the load balancer fail, and their requests with 500.",
                "Check that the certificate of service.certificate_arn is valid and contains api.service_host_name.",
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
    """The stage and its firewall. API Gateway counts 429 only in 4xx; `throttled` counts it separately, from the
    access log.

    `canary` has the metrics of the canary's requests: those with 5xx, and all.
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
            "5xx responses",
            (metric("5XXError", "Average", "share"),),
            "above",
            thresholds.api_errors_percent / 100,
            "share of requests",
            minutes,
            f"More than {thresholds.api_errors_percent:g} % of all requests fail with 5xx.",
            "Find the path in the API's access log, and whether the integration failed. If it did, read the "
            "service's log.",
            critical=True,
        ),
        Alarm(
            "refused",
            "4xx responses",
            (metric("4XXError", "Average", "share"),),
            "above",
            thresholds.api_refused_percent / 100,
            "share of requests",
            minutes,
            f"More than {thresholds.api_refused_percent:g} % of all requests fail with 4xx.",
            "The access log has the status. 403: WAF or a missing API key; 429: the usage plan; other codes: "
            "probably a change in a client.",
        ),
        Alarm(
            "throttled",
            "429 responses",
            (throttled,),
            "above",
            thresholds.api_throttled_per_minute,
            "a minute",
            minutes,
            f"More than {thresholds.api_throttled_per_minute} requests a minute are throttled (429), because they "
            "exceed "
            "a limit of the usage plan or of the stage.",
            "The access log has the id of the API key. Ask that client to slow down, or raise the rate_limit of its "
            "plan in "
            "api.plans. Requests without a key exceed api.stage_rate_limit.",
        ),
        Alarm(
            "latency",
            "Latency of the slowest 1 %",
            (metric("Latency", "p99", "p99"),),
            "above",
            thresholds.api_latency_ms,
            "ms",
            minutes,
            f"1 % of the requests take more than {thresholds.api_latency_ms} ms.",
            "Compare Latency with IntegrationLatency on the dashboard: the difference is API Gateway's own. If the "
            "integration is slow, check the CPU of the tasks and of the database.",
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
            "WAF's log has the rule and the addresses. If it is an attack, it is already blocked; if a changed "
            "client is blocked, "
            "fix the client.",
        ),
    ]
    if canary is not None:
        alarms.append(
            Alarm(
                "canary-errors",
                "5xx responses of the canary",
                canary,
                "above",
                thresholds.api_errors_percent / 100,
                "share of its requests",
                minutes,
                f"More than {thresholds.api_errors_percent:g} % of the requests to the newest deployment of the "
                "API fail with 5xx.",
                "Revert the change of the API and deploy. Delete api.canary_percent only afterwards; otherwise all "
                "requests "
                "get the change.",
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
