#!/bin/bash
# Runs what other images left in before-notebook.d, then the command.
set -e
for hook in /usr/local/bin/before-notebook.d/*.sh; do
    if [ -r "$hook" ]; then
        . "$hook"
    fi
done
exec "${@:-bash}"
