#!/bin/bash
# Every kustomization of cases/: our kubectl kustomize prints what the stock one prints.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kubectl=${TEST_TOOLS:-}/bin/kubectl-1.36
if [ ! -x "$kubectl" ]; then echo "skipped: no kubectl 1.36 in $TEST_TOOLS/bin"; exit 0; fi
if ! "$SKERRY" kubectl kustomize --help >/dev/null 2>&1; then echo "skipped: $SKERRY has no kubectl kustomize"; exit 0; fi
exec python3 "$here/compare.py" "$kubectl" "$SKERRY" kubectl kustomize
