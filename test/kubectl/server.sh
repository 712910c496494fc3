# Sourced by the scripts here: a server without a node, in a network namespace of its own. $SKERRY is the executable.
#
#   own_namespace "$@"     runs the script again in that namespace, which goes away with the last process in it
#   start_server NAME      $dir: a folder, also HOME; $server: its process; $children: what is ended with the script
#   await_server KUBECTL   returns when it is ready; $dir/kubeconfig is the administrator's
# shellcheck shell=bash

own_namespace() {
  [ -z "${IN_OWN_NAMESPACE:-}" ] || return 0
  [ "$(id -u)" = 0 ] || { echo "skipped: needs root for a network namespace"; exit 0; }
  exec env IN_OWN_NAMESPACE=1 unshare --net -- "$0" "$@"
}

children=()
end_children() {
  local child
  for child in "${children[@]}"; do kill "$child" 2>/dev/null; wait "$child" 2>/dev/null; done
  rm -rf "$dir"
}

start_server() {
  dir=$(mktemp -d "/tmp/skerry-test-$1-XXXXXX")
  trap end_children EXIT
  trap 'exit 1' INT TERM
  export HOME=$dir TZ=UTC
  ip link set lo up
  ip link add outer type veth peer name inner
  ip addr add 10.98.0.1/24 dev outer
  ip link set outer up
  ip link set inner up
  "$SKERRY" server --data-dir "$dir/data" --run-dir "$dir/run" --instance "$1" --log-dir "$dir/logs" --config /dev/null \
    --write-kubeconfig "$dir/kubeconfig" --node-ip 10.98.0.1 --disable-agent >"$dir/log" 2>&1 </dev/null &
  server=$!
  children+=("$server")
}

await_server() {
  for _ in $(seq 600); do
    kill -0 "$server" 2>/dev/null || { echo "FAIL: the server ended"; cat "$dir/log"; exit 1; }
    [ -s "$dir/kubeconfig" ] && "$1" --kubeconfig "$dir/kubeconfig" get --raw /readyz >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "FAIL: the server did not become ready"
  cat "$dir/log"
  exit 1
}
