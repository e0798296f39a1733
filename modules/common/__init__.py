"""Shared by several capabilities: policies, keys, log groups, security groups, buckets."""
