"""Fetches schedules of ships."""

import requests, yaml

print("schedules")
