"""The security gate: reads the synthesized JSON of all environments and fails on whatever is not safe or reasoned."""
