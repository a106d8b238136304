#!/bin/sh
# Starts JupyterLab, or the front end that NOTEBOOK_FRONTEND names.
exec jupyter "${NOTEBOOK_FRONTEND:-lab}" "$@"
