#!/bin/bash
# `skerry kubectl describe` against the stock client: the same text, byte for byte, for objects of every kind
# (test/kubectl/describe/*.yaml) on a server of its own. $SKERRY, $TEST_TOOLS: see docs/building.md.
#
# Ages move on between the two runs, and controllers write events, so a difference counts when it stays over several attempts.
set -u
: "${SKERRY:?}" "${TEST_TOOLS:?}"
here=$(cd "$(dirname "$0")" && pwd)

# shellcheck source-path=SCRIPTDIR source=server.sh
. "$here/server.sh"
own_namespace "$@"
unset KUBECTL_EXTERNAL_DIFF
stock=$TEST_TOOLS/bin/kubectl-1.36
start_server desc
export KUBECONFIG=$dir/kubeconfig
await_server "$stock"
"$stock" wait -n default --for=create serviceaccount/default --timeout=60s >/dev/null || exit 1

failed=0 passed=0
fail() { failed=$((failed + 1)); echo "FAIL: $*"; }

for file in "$here"/describe/*.yaml; do
  "$stock" create -f "$file" >"$dir/out" 2>"$dir/err" || fail "create $file: $(grep -v ^Warning "$dir/err")"
  # A pod needs its namespace's service account, which a controller makes.
  "$stock" wait -n describe --for=create serviceaccount/default --timeout=60s >"$dir/out" || fail "no service account"
done

# Statuses, one object at a time.
awk -v dir="$dir" 'BEGIN { n = 0 } /^---$/ { n++; next } { print > sprintf("%s/status-%02d.yaml", dir, n) }' "$here"/describe/status/status.yaml
for file in "$dir"/status-*.yaml; do
  "$stock" patch -f "$file" --subresource=status --type=merge --patch-file "$file" >"$dir/out" 2>"$dir/err" ||
    fail "status $(cat "$file"): $(cat "$dir/err")"
done
# An ephemeral container, a pod on its way out, decided certificate requests.
"$stock" -n describe patch pod plain --subresource=ephemeralcontainers --type=strategic \
  -p '{"spec":{"ephemeralContainers":[{"name":"debug","image":"busybox","command":["sh"],"stdin":true}]}}' >/dev/null 2>"$dir/err" ||
  fail "ephemeral container: $(cat "$dir/err")"
"$stock" -n describe delete pod owned --wait=false --grace-period=600 >/dev/null 2>&1 || fail "delete pod"
"$stock" certificate deny rich >/dev/null 2>"$dir/err" || fail "deny: $(cat "$dir/err")"
"$stock" certificate approve issued >/dev/null 2>"$dir/err" || fail "approve: $(cat "$dir/err")"

# The same text but for ages?
aged_alike() {
  cmp -s <(sed -E 's/ *\b([0-9]+[dhms])+\b */ AGE /g' "$dir/want") <(sed -E 's/ *\b([0-9]+[dhms])+\b */ AGE /g' "$dir/got")
}

# Runs both clients until they agree: a few times, as something may have happened between the two; many times if only ages differ,
# as a second may pass between the two again and again on a busy machine. `how`: exact; sorted: lines in any order (of limit ranges
# stock kubectl shows the resources in random order).
compare() {
  local how=$1 attempt
  shift
  for attempt in $(seq 40); do
    "$stock" describe "$@" >"$dir/want" 2>"$dir/want-err" </dev/null
    local want=$?
    "$SKERRY" kubectl describe "$@" >"$dir/got" 2>"$dir/got-err" </dev/null
    local got=$?
    if [ "$how" = sorted ]; then
      sort -o "$dir/want" "$dir/want"
      sort -o "$dir/got" "$dir/got"
    fi
    if [ $want = $got ] && cmp -s "$dir/want" "$dir/got" && cmp -s "$dir/want-err" "$dir/got-err"; then
      passed=$((passed + 1))
      return
    fi
    [ "$attempt" -lt 6 ] || aged_alike || break
  done
  fail "describe $* (exit codes $want, $got)"
  diff -u "$dir/want" "$dir/got" | head -"${DIFF_LINES:-40}"
  diff -u "$dir/want-err" "$dir/got-err" | head -20
}

# Every object of every kind there is.
for type in $("$stock" api-resources --verbs=list,get -o name 2>/dev/null); do
  case $type in events | events.events.k8s.io) continue ;; esac
  how=exact
  case $type in limitranges | namespaces) how=sorted ;; esac
  "$stock" get "$type" -A -o 'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}{"\n"}{end}' 2>/dev/null >"$dir/objects"
  while IFS=/ read -r ns name; do
    [ "$type/$name" != clusterroles.rbac.authorization.k8s.io/system:controller:disruption-controller ] || continue
    compare $how "$type" "$name" ${ns:+-n "$ns"}
  done <"$dir/objects"
done

# Somebody who may see some things only.
"$stock" create clusterrole limited --verb=get,list \
  --resource=nodes,services,configmaps,namespaces,deployments.apps,replicationcontrollers,ingresses.networking.k8s.io,persistentvolumeclaims \
  >/dev/null
"$stock" create clusterrolebinding limited --clusterrole=limited --user=limited >/dev/null
for what in node/ghost service/by-hand configmap/empty deployment/web replicationcontroller/old ingress/site pvc/data namespace/describe \
  pod/rich nodes; do
  compare exact "$what" -n describe --as=limited
done
compare exact configmap empt -n describe --as=limited
compare exact configmap empty -n describe --as=limited --show-events=false

# Ways to ask.
compare exact hpa.v1.autoscaling rich -n describe
compare exact hpa.v1.autoscaling simple -n describe
compare exact deploy/web -n describe
compare exact deploy/web svc/web cm/settings -n describe
compare exact pods -n describe
compare exact pods,services -n describe
compare exact pods -n describe -l app=rich
compare exact pods -n describe -l app=nobody
compare exact pods -n nowhere
compare exact pods -A --chunk-size=2
compare exact pods web- -n describe
compare exact pods we -n describe
compare exact pods nothing -n describe
compare exact pod/nothing -n describe
compare exact pod/plain pod/nothing -n describe
compare exact configmap empty -n describe --show-events=false
compare exact configmaps -n describe --show-events=true
compare exact nothings
compare exact nothing/x
compare exact
compare exact pods -A -l app=nobody
compare exact -f "$here/describe/30-network.yaml"
compare exact -f "$here/describe/30-network.yaml" pods
compare exact -f "$here/describe/missing/objects.yaml"
compare exact -f "$here/describe/missing" -R
compare exact -k "$here/describe/missing"
compare exact -f "$here/describe/nothing.yaml"
compare exact deploy,rs -n describe
compare exact pods plain guaranteed -n describe
compare exact pods plain nothing -n describe
compare exact pods nothing nowhere -n describe
compare exact pods,services nothing -n describe
compare exact pods,services web -n describe
compare exact pods/x/y
compare exact pods plain -A
compare exact pods plain -l a=b
compare exact svc --selector 'app in (web)' -n describe
compare exact gadgets
compare exact -n describe
compare exact pods --no-such-flag
TZ=Asia/Kolkata compare exact pod rich -n describe
TZ=America/New_York compare exact networkpolicy rich -n describe

echo "describe: $passed the same, $failed different"
[ "$failed" = 0 ]
