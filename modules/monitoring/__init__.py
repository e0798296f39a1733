"""Alarms, the topic that they publish to, the dashboard and the budget."""

from modules.monitoring.alarms import PlatformAlarms, Row
from modules.monitoring.budget import monthly_budget
from modules.monitoring.canary import canary_requests
from modules.monitoring.dashboard import dashboard
from modules.monitoring.rotation import RotationNotice
from modules.monitoring.rows.database import database_row
from modules.monitoring.rows.front import front_row
from modules.monitoring.rows.operations import egress_row, rotation_row
from modules.monitoring.rows.service import api_row, entry_row, service_row
from modules.monitoring.rows.storage import cache_row, files_row
from modules.monitoring.throttling import throttled_requests
from modules.monitoring.topic import AlarmTopic, publishers

__all__ = [
    "AlarmTopic",
    "PlatformAlarms",
    "RotationNotice",
    "Row",
    "api_row",
    "cache_row",
    "canary_requests",
    "dashboard",
    "database_row",
    "egress_row",
    "entry_row",
    "files_row",
    "front_row",
    "monthly_budget",
    "publishers",
    "rotation_row",
    "service_row",
    "throttled_requests",
]
