"""Takes orders of partners."""

import psycopg2, requests, yaml

print("orders")
