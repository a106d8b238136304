"""Numbers for the yearbook."""

import openpyxl, psycopg2, requests, yaml

print("statistics")
