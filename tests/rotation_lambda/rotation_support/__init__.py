"""What the rotation tests share: an accurate Secrets Manager, a database as RDS has it, faults, and the
search for leaks.
"""
