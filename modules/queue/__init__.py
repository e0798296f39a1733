"""SQS: a queue with its dead-letter queue, its key and what is watched of both."""

from modules.queue.queue import Queue
from modules.queue.row import queues_row

__all__ = ["Queue", "queues_row"]
