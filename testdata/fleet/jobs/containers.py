"""Counts containers."""

import psycopg2, requests, yaml

print("containers")
