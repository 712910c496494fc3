#!/bin/bash
# Runs a Kubernetes end-to-end test program against a fresh Skerry in a network namespace, and writes a summary.
#
#   test/conformance.sh E2E_TEST [FOCUS] [SKIP]       as root
#
# E2E_TEST   the e2e.test program of the release whose suite is asked for
# FOCUS      regular expression of test names, default \[Conformance\]
# SKIP       regular expression of tests to leave out
# Environment:
#   SKERRY     the executable (build/release/skerry)
#   IMAGES     a folder with archives of the images the tests use, imported at start (docker or OCI archives)
#   KUBECTL    for tests that run it: a kubectl of the suite's release (beside E2E_TEST, else build/test-tools/bin/kubectl-1.20)
#   GINKGO     the ginkgo program that belongs to the suite; with it tests run in parallel
#   NODES      how many at once (3); those marked [Serial] or [Disruptive] come after the others, one by one
#   REPORT     where results go (build/conformance): summary.txt, passed.txt, failed.txt, skerry.log, e2e.log, junit files
#   API_CONTENT_TYPE  what the tests speak (application/json; empty leaves it to them, which means protobuf)
#   SERVER_FLAGS      more flags for the server
#   LEGACY_TOKENS     0: do not make token Secrets for service accounts, which suites before 1.24 wait for
#   TIMEOUT    of the whole run, as timeout(1) understands it (3h)
# Exit status: 0 if every test that ran passed.
# Read as a whole before it runs: a run takes long, and the file may change meanwhile.
main() {
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
die() { echo "conformance: $*" >&2; exit 2; }
[ $# -ge 1 ] || { sed -n '2,21s/^# \{0,1\}//p' "$0"; exit 2; }
[ "$(id -u)" = 0 ] || die "must be run as root"
e2e=$(realpath -e "$1") || die "no such program: $1"
focus=${2:-'\[Conformance\]'}
skip=${3:-}
skerry=$(realpath -e "${SKERRY:-$here/build/release/skerry}") || die "no executable; run make first"
kubectl=${KUBECTL:-$(dirname "$e2e")/kubectl}
[ -x "$kubectl" ] || kubectl=$here/build/test-tools/bin/kubectl-1.20
[ -x "$kubectl" ] || die "no kubectl; run make test-tools or set KUBECTL"
report=$(realpath -m "${REPORT:-$here/build/conformance}")
nodes=1
[ -z "${GINKGO:-}" ] || nodes=${NODES:-3}

rm -rf "$report"
mkdir -p "$report"
work=$(mktemp -d /tmp/skerry-conformance-XXXXXX)
id=$((BASHPID % 46656))
instance=c$(printf '%03x' $((id % 4096)))
node=skc-$id-node lan=skc-$id-lan
own=(--data-dir "$work/data" --run-dir "$work/run" --instance "$instance")
server_pid='' runner_pid=''

finish() {
  trap '' INT TERM
  [ -z "$runner_pid" ] || { kill -TERM -- "-$runner_pid" 2>/dev/null; sleep 1; kill -KILL -- "-$runner_pid" 2>/dev/null; }
  if [ -n "$server_pid" ]; then
    kill "$server_pid" 2>/dev/null
    for _ in $(seq 150); do kill -0 "$server_pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$server_pid" 2>/dev/null
    wait "$server_pid" 2>/dev/null
  fi
  "$skerry" killall "${own[@]}" >>"$report/killall.log" 2>&1 || echo "conformance: killall failed, see $report/killall.log" >&2
  ip netns del "$node" 2>/dev/null
  ip netns del "$lan" 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Two hosts' worth of network, so that the node has an address and a default route like any other.
ip netns add "$lan" && ip netns add "$node" || die "cannot make network namespaces"
ip -n "$lan" link set lo up
ip -n "$node" link set lo up
ip -n "$lan" link add eth0 type veth peer name eth0 netns "$node"
ip -n "$lan" addr add 10.98.0.1/24 dev eth0
ip -n "$lan" link set eth0 up
ip -n "$node" addr add 10.98.0.2/24 dev eth0
ip -n "$node" link set eth0 up
ip -n "$node" route add default via 10.98.0.1
in_node() { nsenter --net="/run/netns/$node" "$@"; }

echo "nameserver 10.98.0.1" >"$work/resolv.conf"
: >"$work/config.yaml"
mkdir -p "$work/home"
images=()
if [ -n "${IMAGES:-}" ]; then images=(--images-dir "$(realpath -e "$IMAGES")") || die "no such folder: $IMAGES"; fi
# Suites before 1.24 wait until every service account names a Secret with a token.
legacy=()
[ "${LEGACY_TOKENS:-1}" != 1 ] || legacy=(--service-account-token-secrets)
# shellcheck disable=SC2086
nsenter --net="/run/netns/$node" "$skerry" server "${own[@]}" "${legacy[@]}" --config "$work/config.yaml" --node-name node-1 --node-ip 10.98.0.2 \
  --resolv-conf "$work/resolv.conf" --log-dir "$work/log" \
  --write-kubeconfig "$work/kubeconfig" "${images[@]}" ${SERVER_FLAGS:-} >"$report/skerry.log" 2>&1 </dev/null &
server_pid=$!

k() { HOME=$work/home in_node "$kubectl" --kubeconfig "$work/kubeconfig" "$@"; }
started=$SECONDS
until [ "$(k get node node-1 -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null)" = True ] &&
  k get serviceaccount default >/dev/null 2>&1; do
  kill -0 "$server_pid" 2>/dev/null || { tail -20 "$report/skerry.log" >&2; die "skerry has ended"; }
  [ $((SECONDS - started)) -lt 180 ] || { tail -20 "$report/skerry.log" >&2; die "the node did not get ready"; }
  sleep 0.2
done
echo "cluster ready after $((SECONDS - started)) s; results in $report"

flags=(--kubeconfig="$work/kubeconfig" --provider=skeleton --kubectl-path="$kubectl" --num-nodes=1
  --allowed-not-ready-nodes=100 --node-schedulable-timeout=2m --system-pods-startup-timeout=2m
  --disable-log-dump --dump-logs-on-failure=false)
content=${API_CONTENT_TYPE-application/json}
[ -z "$content" ] || flags+=(--kube-api-content-type="$content")

run() { # NAME AT_ONCE SKIP FOCUS
  local name=$1 at_once=$2 skipped=$3 wanted=$4 command
  mkdir -p "$report/$name"
  if [ "$at_once" -gt 1 ]; then
    command=("$GINKGO" "-nodes=$at_once" -noColor "-focus=$wanted")
    [ -z "$skipped" ] || command+=("-skip=$skipped")
    command+=("$e2e" --)
  else
    command=("$e2e" --ginkgo.noColor "--ginkgo.focus=$wanted")
    [ -z "$skipped" ] || command+=("--ginkgo.skip=$skipped")
  fi
  HOME=$work/home KUBE_TEST_REPO_LIST='' setsid timeout -k 30 "${TIMEOUT:-3h}" nsenter --net="/run/netns/$node" \
    "${command[@]}" "${flags[@]}" --report-dir="$report/$name" >>"$report/e2e.log" 2>&1 </dev/null &
  runner_pid=$!
  wait "$runner_pid"
  runner_pid=''
}
if [ "$nodes" -gt 1 ]; then
  run parallel "$nodes" "${skip:+$skip|}\[(Serial|Disruptive)\]" "$focus"
  # Go's expressions cannot say "both": ask which tests there are, and name those that must run alone.
  "$e2e" --ginkgo.dryRun --ginkgo.noColor "--ginkgo.focus=$focus" ${skip:+"--ginkgo.skip=$skip"} --kubeconfig="$work/kubeconfig" \
    --provider=skeleton --report-dir="$work/dry" >"$work/dry.log" 2>&1
  alone=$(python3 - "$work"/dry/junit*.xml <<'P'
import re, sys, xml.etree.ElementTree as ET
names = [c.get("name") for c in ET.parse(sys.argv[1]).iter("testcase") if c.find("skipped") is None]
print("|".join(re.sub(r"([^\w\s])", r"\\\1", n) + "$" for n in names if "[Serial]" in n or "[Disruptive]" in n))
P
  )
  [ -z "$alone" ] || run serial 1 "$skip" "$alone"
else
  run all 1 "$skip" "$focus"
fi
k get --raw /metrics >"$report/metrics.txt" 2>/dev/null
took=$((SECONDS - started))

python3 - "$report" "$took" <<'P'
import glob, json, re, sys, xml.etree.ElementTree as ET
report, took = sys.argv[1], int(sys.argv[2])
passed, failed = set(), {}
for path in glob.glob(report + "/*/junit*.xml"):
    try:
        cases = ET.parse(path).iter("testcase")
    except ET.ParseError as e:
        print(f"unreadable {path}: {e}", file=sys.stderr)
        continue
    for case in cases:
        name = case.get("name")
        if name in ("BeforeSuite", "AfterSuite") and case.find("failure") is None:
            continue
        if case.find("skipped") is not None:
            continue
        why = case.find("failure")
        if why is None:
            passed.add(name)
        else:
            failed[name] = " ".join((why.text or why.get("message") or "").split())[:300]
# What a run that was cut short has said so far.
for line in open(report + "/e2e.log", errors="replace"):
    m = re.search(r'\{"msg":"(PASSED|FAILED) .*\}', line)
    if not m:
        continue
    try:
        name = json.loads(m.group(0))["msg"].split(" ", 1)[1]
    except (ValueError, KeyError):
        continue
    if m.group(1) == "PASSED":
        passed.add(name)
    else:
        failed.setdefault(name, "see e2e.log")
passed -= set(failed)
short = lambda name: re.sub(r"^\[k8s\.io\] |^\[sig-[a-z-]+\] ", "", name)
groups = {}
for name in list(passed) + list(failed):
    group = re.sub(r"^(\[[^\]]*\] )*", "", name)
    group = " ".join(group.split()[:2])
    entry = groups.setdefault(group, [0, 0])
    entry[name in failed] += 1
with open(report + "/passed.txt", "w") as f:
    f.writelines(n + "\n" for n in sorted(passed))
with open(report + "/failed.txt", "w") as f:
    f.writelines(f"{n}\n    {failed[n]}\n" for n in sorted(failed))
with open(report + "/summary.txt", "w") as f:
    f.write(f"{len(passed)} passed, {len(failed)} failed, of {len(passed) + len(failed)} that ran, in {took // 60} min {took % 60} s\n\n")
    f.writelines(f"{g:<44} {p:>4} passed {x:>4} failed\n" for g, (p, x) in sorted(groups.items()))
    f.write("\nfailed:\n" if failed else "")
    f.writelines(f"  {n}\n" for n in sorted(failed))
print(open(report + "/summary.txt").read())
sys.exit(0 if passed and not failed else 1)
P
exit
}
main "$@"
