"""When the water is high."""

import requests, yaml

print("tides")
