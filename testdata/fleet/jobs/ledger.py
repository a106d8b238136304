"""Books what was paid."""

import psycopg2, requests, yaml

print("ledger")
