#!/bin/bash
# `skerry kubectl` against the stock client of Kubernetes 1.36: the command lines of differential/cases/ on one fresh server, and the
# kubeconfig commands of config_cases and connect_cases. $SKERRY, $TEST_TOOLS: see docs/building.md. AREAS="apply delete" runs only those
# files of differential/cases/. KUBECTL_VERSION=1.32 takes that client instead; differential/changed-1.32/ lists the lines that 1.36 answers
# in another way than 1.32, and RECORD=1 writes these lists.
set -u
: "${SKERRY:?}" "${TEST_TOOLS:?}"
here=$(cd "$(dirname "$0")" && pwd)
SKERRY=$(realpath "$SKERRY")
version=${KUBECTL_VERSION:-1.36}
stock=$TEST_TOOLS/bin/kubectl-$version ours=$SKERRY
[ -x "$stock" ] || { echo "skipped: no kubectl $version in $TEST_TOOLS/bin"; exit 0; }
[ "$version" = 1.36 ] || export CHANGED=$here/differential/changed-$version
[ -z "${RECORD:-}" ] || ours=$TEST_TOOLS/bin/kubectl-1.36
command -v openssl >/dev/null || { echo "skipped: no openssl"; exit 0; }

# shellcheck source-path=SCRIPTDIR source=server.sh
. "$here/server.sh"
own_namespace "$@"
start_server kdif
export -n KUBECONFIG

mkdir "$dir/bin"
ln -s "$SKERRY" "$dir/bin/kubectl"
failed=0
# Beside the areas, as it needs no server.
{
  failed=0
  for cases in $([ "$version" != 1.36 ] || echo config_cases connect_cases); do
    "$here/config_diff" "$stock" "$dir/bin/kubectl" "$here/$cases" </dev/null || { echo "FAIL: $cases"; failed=1; }
  done
  exit $failed
} >"$dir/config-log" 2>&1 &
config=$!
children+=("$config")

await_server "$stock"
# shellcheck disable=SC2086
"$here/differential/run.py" "$stock" "$ours" "$dir/kubeconfig" ${AREAS:-} </dev/null || failed=1
wait "$config" || failed=1
cat "$dir/config-log"
exit $failed
