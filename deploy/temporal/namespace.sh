#!/bin/sh
# Makes Gantry's namespace, unless it is there. Ended runs are kept for as long as an idempotency key is to be known.
set -eu
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 720h
