# Sourced by up, down and demo: where the demo cluster lives. It has an instance name, folders, ports and address ranges of
# its own, so it stands beside an installed Skerry without touching it.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
root=$PWD
home=$root/build/demo
log=$home/skerry.log
kubeconfig=$home/kubeconfig
pid_file=$home/skerry.pid
skerry=$root/build/release/skerry
own=(--data-dir "$home/data" --run-dir /run/skerry-demo --instance demo)
api_port=26443

say() { printf '%s\n' "$*"; }
fail() {
  printf '\n%s\n' "make ${0##*/}: $*" >&2
  [ ! -s "$log" ] || printf '  the log of skerry: %s\n' "$log" >&2
  exit 1
}

# The process of the demo cluster, if it runs.
running() {
  local pid
  pid=$(cat "$pid_file" 2>/dev/null) && [ -n "$pid" ] || return 1
  case "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)" in *"skerry server"*"$home/data"*) echo "$pid" ;; *) return 1 ;; esac
}

stop_server() { # PID
  kill "$1" 2>/dev/null
  for _ in $(seq 200); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL "$1" 2>/dev/null
}

find_kubectl() {
  local k
  for k in "$root/build/test-tools/bin/kubectl" "$root/build/test-tools/bin/kubectl-1.20" "$(command -v kubectl)"; do
    [ -n "$k" ] && [ -x "$k" ] && "$k" version --client >/dev/null 2>&1 && { echo "$k"; return 0; }
  done
  return 1
}
kubectl() { KUBECONFIG=$kubeconfig HOME=$home "$kubectl_program" "$@"; }
