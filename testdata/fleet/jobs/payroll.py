"""Pays people."""

import openpyxl, psycopg2, requests, yaml

print("payroll")
