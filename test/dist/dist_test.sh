#!/bin/bash
# What `make dist` wrote: checksums, sizes, archives; and of every architecture the executable (in user-mode emulation
# where it is not this machine's) as a server without a node, driven by kubectl and restarted.
#   DIST (default dist)   TEST_TOOLS   DIST_WANTED=1: fail instead of skipping what is not there
cd "$(dirname "$0")/../.." || exit 1
DIST=${DIST:-$PWD/dist} TEST_TOOLS=${TEST_TOOLS:-$PWD/build/test-tools}
export LC_ALL=C
skip() {
  echo "skipped: $*"
  [ -n "$DIST_WANTED" ] && exit 1
  exit 0
}
[ -e "$DIST/SHA256SUMS" ] || skip "no release in dist (make dist)"
[ -n "$DIST_WANTED" ] || grep -qaF "$(git rev-parse HEAD 2>/dev/null)" "$DIST"/skerry-linux-* || skip "the release in dist is of another commit (make dist)"
[ "$(id -u)" = 0 ] || skip "needs root, for a network namespace"
# Ports of its own, and an address that pods could reach the server under.
[ -n "$IN_NAMESPACE" ] || IN_NAMESPACE=1 exec unshare --net --pid --fork --kill-child "$0" "$@"
ip link set lo up && ip address add 10.99.0.1/32 dev lo || exit 1

work=$(mktemp -d /tmp/skerry-test-dist-XXXXXX)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "FAILED ($arch): $*"
  [ ! -s "$work/log" ] || tail -n 40 "$work/log"
  exit 1
}
want() { # WHAT EXPECTED ACTUAL
  [ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\""
}
within() { # SECONDS COMMAND...: until it succeeds
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.1
  done
}

check_files() {
  arch=all
  (cd "$DIST" && sha256sum --quiet -c SHA256SUMS) || fail "SHA256SUMS"
  want "files without a checksum" "" "$(cd "$DIST" && find . -type f ! -name SHA256SUMS -printf '%P\n' | sort | comm -23 - <(cut -c67- SHA256SUMS | sort))"
  [[ $(cat "$DIST/version") =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-dirty)?$ ]] || fail "version: $(cat "$DIST/version")"
  sh -n "$DIST/install.sh" || fail "install.sh"
}

check_archive() {
  local top=$work/skerry-airgap-$arch
  tar -C "$work" -xzf "$DIST/skerry-airgap-$arch.tar.gz" || fail "the air-gap archive does not unpack"
  (cd "$top" && sha256sum --quiet -c SHA256SUMS) || fail "SHA256SUMS of the air-gap archive"
  for file in install.sh version README LICENSE NOTICES images "skerry-linux-$arch"; do
    [ -e "$top/$file" ] || fail "the air-gap archive lacks $file"
  done
  cmp -s "$top/skerry-linux-$arch" "$exe" || fail "the air-gap archive holds another executable"
  rm -rf "$top"
}

check_executable() { # MACHINE (as readelf names it) GOARCH
  [ "$(stat -c %s "$exe")" -le 15000000 ] || fail "$(stat -c %s "$exe") bytes"
  readelf -h "$exe" | grep -q "Machine:.*$1$" || fail "not for $1"
  ! readelf -lW "$exe" | grep -q INTERP || fail "not static"
  "${run[@]}" "$exe" version >"$work/version" || fail "skerry version"
  want version "$(cat "$DIST/version")" "$(awk '/^skerry version/ {print $3}' "$work/version")"
  grep -q "^architecture: linux/$2" "$work/version" || fail "$(cat "$work/version")"
  "${run[@]}" "$exe" version --licenses | grep -q 'GNU GENERAL PUBLIC LICENSE' || fail "notices"
  "${run[@]}" "$exe" kubectl version --client >"$work/version" || fail "skerry kubectl version"
}

start() {
  "${run[@]}" "$exe" server --disable-agent --config /dev/null --data-dir "$work/data" --run-dir "$work/run" --instance dist \
    --write-kubeconfig "$KUBECONFIG" --advertise-address 10.99.0.1 --node-ip 10.99.0.1 >>"$work/log" 2>&1 </dev/null &
  server=$!
  within 120 k get --raw /readyz || fail "the server did not become ready"
}
stop() { # SIGNAL
  kill "-$1" $server
  wait $server 2>/dev/null
}
k() { "$TEST_TOOLS/bin/kubectl-$client" --request-timeout=30s "$@"; }

check_server() {
  export KUBECONFIG=$work/kubeconfig HOME=$work
  client=1.32
  rm -rf "$work/data" "$work/log"
  start
  want "the server's platform" "linux/$2" "$(k version -o json | jq -r .serverVersion.platform)"
  within 60 k get serviceaccount default || fail "no default service account"
  for client in 1.20 1.32; do
    n=${client//./}
    k create configmap "words$n" --from-literal=a=b >/dev/null || fail "create configmap with kubectl $client"
    k create deployment "web$n" --image=example/web --replicas=2 >/dev/null || fail "create deployment with kubectl $client"
    within 60 pods_of "web$n" || fail "the deployment makes no pods"
  done
  # Amounts beyond 32 bits, and fractions; times beyond 2038; an object the size of a small file.
  k apply -f - >/dev/null <<'END' || fail "apply"
apiVersion: v1
kind: Pod
metadata: {name: sized}
spec:
  containers:
  - name: c
    image: example/c
    resources: {requests: {memory: 5.5Ti, cpu: "0.1"}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: yearly, annotations: {until: "2199-01-01T00:00:00Z"}}
spec:
  schedule: "0 0 29 2 *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: example/c}]}}}}
END
  head -c 600000 /dev/zero | tr '\0' x >"$work/large"
  k create configmap large --from-file="$work/large" >/dev/null || fail "a large configmap"
  k create token default --duration=1h >/dev/null || fail "create token"
  k get secrets,configmaps,deployments,pods,cronjobs >"$work/table" || fail "get"
  stop KILL
  start
  for client in 1.20 1.32; do
    want "a value after the restart" b "$(k get configmap "words${client//./}" -o 'jsonpath={.data.a}')"
    want "replicas after the restart" 2 "$(k get deployment "web${client//./}" -o 'jsonpath={.spec.replicas}')"
  done
  want "the large one after the restart" 600000 "$(k get configmap large -o 'jsonpath={.data.large}' | wc -c)"
  want "amounts after the restart" "5632Gi 100m" "$(k get pod sized -o 'jsonpath={.spec.containers[0].resources.requests.memory} {.spec.containers[0].resources.requests.cpu}')"
  k delete deployment web120 web132 --wait=false >/dev/null || fail "delete"
  within 60 no_deployments || fail "deployments stay"
  within 60 no_web_pods || fail "pods of a removed deployment stay"
  want "its own client" "words120" "$("${run[@]}" "$exe" kubectl get configmap words120 -o 'jsonpath={.metadata.name}')"
  stop TERM || fail "the server ended with $?"
}
pods_of() { [ "$(k get pods -l "app=$1" -o name | wc -l)" = 2 ]; }
no_deployments() { [ -z "$(k get deployments -o name)" ]; }
no_web_pods() { [ -z "$(k get pods -l 'app in (web120,web132)' -o name)" ]; }

check_files
tried=0
for arch in amd64 arm64 armhf; do
  exe=$DIST/skerry-linux-$arch run=()
  [ -e "$exe" ] || continue
  case $arch in
    amd64) machine=X86-64 name=amd64 emulator=qemu-x86_64-static ;;
    arm64) machine=AArch64 name=arm64 emulator=qemu-aarch64-static ;;
    armhf) machine=ARM name=arm emulator=qemu-arm-static ;;
  esac
  if [ "$arch" != "$(dpkg --print-architecture)" ]; then
    run=("$TEST_TOOLS/bin/$emulator")
    if [ ! -x "${run[0]}" ]; then
      echo "skipped: $arch: no $emulator (make test-dist fetches it)"
      [ -z "$DIST_WANTED" ] || exit 1
      continue
    fi
  fi
  check_archive
  check_executable "$machine" "$name"
  check_server "$arch" "$name"
  echo "$arch: ok"
  tried=$((tried + 1))
done
[ $tried -gt 0 ]
