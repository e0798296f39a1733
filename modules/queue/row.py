"""The alarms of the queues."""

from __future__ import annotations

from collections.abc import Mapping

from modules.monitoring.alarms import Alarm, Chart, Metric, Row
from modules.queue.queue import Queue
from settings.service import QueueSettings

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
_PERIOD = 300


def queues_row(settings: Mapping[str, QueueSettings], queues: Mapping[str, Queue]) -> Row:
    """Messages that wait too long, and messages in the dead-letter queue."""
    alarms = []
    for purpose, queue in queues.items():
        minutes = settings[purpose].oldest_message_minutes
        alarms += [
            Alarm(
                f"{purpose}-waiting",
                f"Oldest message of {purpose}",
                (_metric(queue.name, "ApproximateAgeOfOldestMessage", "Maximum", "oldest"),),
                "above",
                minutes * 60,
                "s",
                1,
                f"A message has waited in {queue.name} for more than {minutes} minutes.",
                "Check that its worker runs, and read its log. Raise workers.<name>.max_count if it is reached.",
                period_seconds=_PERIOD,
            ),
            Alarm(
                f"{purpose}-dead",
                f"Dead letters of {purpose}",
                (_metric(queue.dead_letter_name, "ApproximateNumberOfMessagesVisible", "Maximum", "dead letters"),),
                "above",
                0,
                "messages",
                1,
                f"{queue.dead_letter_name} has messages that no worker could process.",
                "Read one of the messages and the worker's log. Fix the cause, then start a redrive to the source "
                "queue. "
                "Messages are deleted 14 days after they were sent.",
                period_seconds=_PERIOD,
                critical=True,
            ),
        ]
    charts = tuple(
        Chart(
            f"Messages of {purpose}",
            (
                _metric(queue.name, "ApproximateNumberOfMessagesVisible", "Maximum", "waiting"),
                _metric(queue.name, "NumberOfMessagesDeleted", "Sum", "done"),
            ),
            "messages",
        )
        for purpose, queue in queues.items()
    )
    return Row("queues", "Queues: SQS", tuple(alarms), charts)


def _metric(queue: str, name: str, statistic: str, label: str) -> Metric:
    return Metric("AWS/SQS", name, {"QueueName": queue}, statistic, label)
