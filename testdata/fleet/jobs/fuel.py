"""Prices of fuel."""

import requests, yaml

print("fuel")
