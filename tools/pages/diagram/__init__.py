"""The picture of an environment, drawn from its synthesized JSON: tiers, zones, and the traffic that is allowed."""
