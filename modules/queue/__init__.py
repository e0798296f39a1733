"""SQS: a queue with its dead-letter queue, their key and alarms."""

from modules.queue.queue import Queue
from modules.queue.row import queues_row

__all__ = ["Queue", "queues_row"]
