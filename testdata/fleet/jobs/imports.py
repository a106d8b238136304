"""Reads spreadsheets of the customs."""

import openpyxl, psycopg2, requests, yaml

print("imports")
