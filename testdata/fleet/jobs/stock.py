"""Tells partners what is in store."""

import psycopg2, requests, yaml

print("stock")
