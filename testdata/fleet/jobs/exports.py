"""Writes spreadsheets for the customs."""

import openpyxl, requests, yaml

print("exports")
