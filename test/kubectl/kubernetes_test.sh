#!/bin/bash
# The command lines of differential/cases/ with the stock client and with ours against a real Kubernetes: KUBERNETES names a folder with
# kube-apiserver and kube-controller-manager of any version from 1.20 on; etcd stands there or in the PATH. Both start in a network
# namespace of their own, without a node. KUBECTL names the stock client (default: 1.36), AREAS some areas; SKERRY and TEST_TOOLS as in
# differential_test.sh. See docs/kubectl.md.
set -u
: "${SKERRY:?}" "${TEST_TOOLS:?}"
here=$(cd "$(dirname "$0")" && pwd)
[ -n "${KUBERNETES:-}" ] || { echo "skipped: KUBERNETES names no folder with a real Kubernetes"; exit 0; }
PATH=$PATH:$KUBERNETES
for program in kube-apiserver kube-controller-manager etcd openssl; do
  command -v $program >/dev/null || { echo "skipped: no $program"; exit 0; }
done
if [ -z "${KUBERNETES_TEST_INSIDE:-}" ]; then
  [ "$(id -u)" = 0 ] || { echo "skipped: needs root for a network namespace"; exit 0; }
  exec env KUBERNETES_TEST_INSIDE=1 unshare --net -- "$0" "$@"
fi
SKERRY=$(realpath "$SKERRY")
stock=${KUBECTL:-$TEST_TOOLS/bin/kubectl-1.36}

dir=$(mktemp -d /tmp/skerry-test-kubernetes-XXXXXX)
programs=()
finish() {
  [ ${#programs[@]} = 0 ] || { kill "${programs[@]}" 2>/dev/null; wait "${programs[@]}" 2>/dev/null; }
  rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' INT TERM
export HOME=$dir TZ=UTC
export -n KUBECONFIG

ip link set lo up
# Somewhere to go: the server looks for an address of its own.
ip link add outer type veth peer name inner
ip addr add 10.98.0.1/24 dev outer
ip link set outer up
ip link set inner up
ip route add default via 10.98.0.254

openssl genrsa -out "$dir/sa.key" 2048 2>/dev/null
openssl rsa -in "$dir/sa.key" -pubout -out "$dir/sa.pub" 2>/dev/null
token=$(openssl rand -hex 16)
echo "$token,admin,admin,system:masters" >"$dir/tokens"
etcd --data-dir "$dir/etcd" --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
  --listen-peer-urls http://127.0.0.1:2380 --logger zap >"$dir/etcd.log" 2>&1 </dev/null &
programs+=($!)
kube-apiserver --etcd-servers=http://127.0.0.1:2379 --secure-port=6443 --cert-dir="$dir/certs" --token-auth-file="$dir/tokens" \
  --advertise-address=10.98.0.1 --authorization-mode=Node,RBAC --service-cluster-ip-range=10.43.0.0/16 --allow-privileged=true \
  --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$dir/sa.pub" \
  --service-account-signing-key-file="$dir/sa.key" >"$dir/apiserver.log" 2>&1 </dev/null &
programs+=($!)
for _ in $(seq 600); do
  kill -0 "${programs[1]}" 2>/dev/null || { echo "FAIL: kube-apiserver ended"; tail "$dir/apiserver.log"; exit 1; }
  [ ! -s "$dir/certs/apiserver.crt" ] || [ -s "$dir/kubeconfig" ] || {
    export KUBECONFIG=$dir/kubeconfig
    "$stock" config set-cluster k8s --server=https://10.98.0.1:6443 --certificate-authority="$dir/certs/apiserver.crt" --embed-certs
    "$stock" config set-credentials admin --token="$token"
    "$stock" config set-context k8s --cluster=k8s --user=admin
    "$stock" config use-context k8s
    export -n KUBECONFIG
  } >/dev/null
  [ -s "$dir/kubeconfig" ] && "$stock" --kubeconfig "$dir/kubeconfig" get --raw /readyz >/dev/null 2>&1 && break
  sleep 0.1
done
kube-controller-manager --kubeconfig="$dir/kubeconfig" --service-account-private-key-file="$dir/sa.key" \
  --root-ca-file="$dir/certs/apiserver.crt" >"$dir/controllers.log" 2>&1 </dev/null &
programs+=($!)
"$stock" --kubeconfig "$dir/kubeconfig" get --raw /version | grep gitVersion
# What differs only there, or only with servers of that age.
export CHANGED=$here/differential/known-kubernetes
# shellcheck disable=SC2086
"$here/differential/run.py" "$stock" "$SKERRY" "$dir/kubeconfig" ${AREAS:-} </dev/null
