"""The alarms and charts of each part: pure functions of the settings."""
