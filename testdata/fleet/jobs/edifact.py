"""Exchanges messages with partners."""

import psycopg2, requests, yaml

print("edifact")
