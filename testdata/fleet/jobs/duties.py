"""Who is on duty."""

import openpyxl, psycopg2, requests, yaml

print("duties")
