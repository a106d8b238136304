#!/opt/python/bin/python
# Asks the running servers for their state, at the addresses that they record.
import json
import pathlib
import urllib.request

from jupyter_core.paths import jupyter_runtime_dir

records = list(pathlib.Path(jupyter_runtime_dir()).glob("jpserver-*.json"))
if not records:
    raise SystemExit("no server")
for record in records:
    url = json.loads(record.read_text())["url"]
    urllib.request.urlopen(url + "api", timeout=2).close()
