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

# Everything happens in a network namespace of its own, which goes away with the last process in it.
if [ -z "${DIFFERENTIAL_TEST_INSIDE:-}" ]; then
  [ "$(id -u)" = 0 ] || { echo "skipped: needs root for a network namespace"; exit 0; }
  exec env DIFFERENTIAL_TEST_INSIDE=1 unshare --net -- "$0" "$@"
fi

dir=$(mktemp -d /tmp/skerry-test-kubectl-XXXXXX)
server='' config=''
finish() {
  [ -z "$server" ] || { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; }
  [ -z "$config" ] || { kill "$config" 2>/dev/null; wait "$config" 2>/dev/null; }
  rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' INT TERM
export HOME=$dir TZ=UTC
export -n KUBECONFIG

ip link set lo up
ip link add outer type veth peer name inner
ip addr add 10.98.0.1/24 dev outer
ip link set outer up
ip link set inner up
"$SKERRY" server --data-dir "$dir/data" --run-dir "$dir/run" --instance kdif --log-dir "$dir/logs" --config /dev/null \
  --write-kubeconfig "$dir/kubeconfig" --node-ip 10.98.0.1 --disable-agent >"$dir/log" 2>&1 </dev/null &
server=$!

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

for _ in $(seq 600); do
  kill -0 "$server" 2>/dev/null || { echo "FAIL: the server ended"; cat "$dir/log"; exit 1; }
  [ -s "$dir/kubeconfig" ] && "$stock" --kubeconfig "$dir/kubeconfig" get --raw /readyz >/dev/null 2>&1 && break
  sleep 0.1
done
# shellcheck disable=SC2086
"$here/differential/run.py" "$stock" "$ours" "$dir/kubeconfig" ${AREAS:-} </dev/null || failed=1
wait $config || failed=1
cat "$dir/config-log"
exit $failed
