"""The alarms of workers and jobs."""

from __future__ import annotations

from collections.abc import Mapping

from modules.monitoring.alarms import Alarm, Chart, Metric, Row
from modules.service.job import Job
from modules.service.worker import Worker
from settings.service import JobSettings

# For this time, tasks may be missing during a deployment.
_MINUTES_TO_START = 10
_HOUR = 3600


def workers_row(workers: Mapping[str, Worker], *, cluster: str) -> Row:
    """Missing tasks. Container Insights counts tasks; if it sends no data, the alarm fires too."""
    alarms, charts = [], []
    for name, worker in workers.items():
        where = {"ClusterName": cluster, "ServiceName": worker.service_name}
        desired, running = (
            Metric("ECS/ContainerInsights", metric, where, "Average", label)
            for metric, label in (("DesiredTaskCount", "desired"), ("RunningTaskCount", "running"))
        )
        alarms.append(
            Alarm(
                f"{name}-tasks-missing",
                f"Tasks of {name} missing",
                (desired, running),
                "above",
                0,
                "tasks",
                _MINUTES_TO_START,
                f"Fewer tasks of the worker {name} are running than desired, or Container Insights stopped reporting.",
                "Read the events of its ECS service and the stop reason of its last tasks.",
                expression="m1 - m2",
                drawn="expression",
                missing="breaching",
            )
        )
        charts.append(Chart(f"Tasks of {name}", (running, desired), "tasks"))
    return Row("workers", "Workers: ECS Fargate", tuple(alarms), tuple(charts))


def jobs_row(settings: Mapping[str, JobSettings], jobs: Mapping[str, Job]) -> Row:
    """Runs that fail, and runs that are missing.

    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
    """
    alarms, charts = [], []
    for name, job in jobs.items():
        failed, late, ended, done = (
            Metric("AWS/States", metric, {"StateMachineArn": job.machine_arn}, "Sum", label)
            for metric, label in (
                ("ExecutionsFailed", "failed"),
                ("ExecutionsTimedOut", "timed out"),
                ("ExecutionsAborted", "aborted"),
                ("ExecutionsSucceeded", "succeeded"),
            )
        )
        alarms.append(
            Alarm(
                f"{name}-failed",
                f"Job {name} failed",
                (failed, late, ended),
                "above",
                0,
                "runs",
                1,
                f"A run of the job {name} failed, timed out or was stopped.",
                "The execution of the state machine shows why the task stopped. The job's log shows what it did.",
                expression="SUM([FILL(m1, 0), FILL(m2, 0), FILL(m3, 0)])",
                drawn="expression",
                period_seconds=300,
            )
        )
        hours = settings[name].missing_after_hours
        if hours:
            alarms.append(
                Alarm(
                    f"{name}-missing",
                    f"Job {name} does not run",
                    (done,),
                    "below",
                    1,
                    "runs an hour",
                    hours,
                    f"The job {name} has not succeeded for {hours} hours, or never since it was created.",
                    "Check that its schedule is enabled, and read the last execution of its state machine.",
                    period_seconds=_HOUR,
                    missing="breaching",
                )
            )
        charts.append(Chart(f"Runs of {name}", (done, failed), "runs"))
    return Row("jobs", "Jobs: Step Functions", tuple(alarms), tuple(charts))
