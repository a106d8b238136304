"""Looks for entries that nobody can explain."""

import psycopg2, requests, yaml

print("audit")
