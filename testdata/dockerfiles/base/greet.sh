#!/bin/sh
echo "$GREETING from $1"
