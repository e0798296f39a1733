"""What is watched of each part: pure functions from settings to alarms and charts."""
