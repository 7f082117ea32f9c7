#!/bin/sh
# Creates the namespace that runs live in, unless it is there. The address is TEMPORAL_ADDRESS.
set -eu

namespace=${TEMPORAL_NAMESPACE:-default}

if temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1; then
  echo "the namespace '$namespace' is there"
else
  temporal operator namespace create --namespace "$namespace" --retention "${RETENTION:-720h}"
fi
