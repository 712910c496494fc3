#!/bin/bash
# Server and agents: one machine with OpenRC whose programs are all busybox (no curl, no GNU), one with systemd, one with both
# dash and OpenRC. They join, survive the server's absence, are upgraded under a pod, and are removed without a trace.
. "$(dirname "$0")/machine.sh"
prepare
lan
boot srv 2 openrc
boot one 3 systemd
boot two 4 openrc
for name in srv two; do
  # As on Alpine: every program is busybox'.
  cp "$(command -v busybox)" "$(root_of $name)/usr/bin/busybox"
  on $name busybox sh -c 'mkdir /bb && busybox --install -s /bb'
  rm -f "$(root_of $name)/bb/"{rpm,dpkg,dpkg-deb,nologin,init}
  rm "$(root_of $name)/usr/bin/curl"
  net $name sysctl -q net.ipv4.ip_forward=0
done
net one sysctl -q net.ipv4.ip_forward=1 # somebody else has turned it on: that stays
for name in srv one two; do snapshot $name "$work/$name.before"; done
cp "$top/install.sh" "$www/"
release "$www/base/v0.1.0" v0.1.0 "$skerry"
cp "$skerry" "$work/skerry2"
echo >>"$work/skerry2"
release "$www/base/v0.2.0" v0.2.0 "$work/skerry2"
mkdir -p "$www/base/channels"
echo v0.1.0 >"$www/base/channels/stable"

# install MACHINE [VARIABLE=value...] [-- WORDS]
install() {
  local name=$1 words=() variables=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    variables+=("$1")
    shift
  done
  [ $# -eq 0 ] || { shift; words=(-s - "$@"); }
  variables+=("SKERRY_RELEASE_URL=$site/base" INSTALL_SKERRY_TIMEOUT=60)
  if [ $name = one ]; then
    out=$(on one "${variables[@]}" sh -c 'curl -sfL "$0/install.sh" | "$@"' "$site" dash "${words[@]}" 2>&1)
  else
    out=$(on $name PATH=/bb:/usr/local/bin:/usr/sbin:/usr/bin "${variables[@]}" /bb/ash -c 'wget -qO - "$0/install.sh" | "$@"' "$site" /bb/ash "${words[@]}" 2>&1)
  fi
  rc=$?
}
works() { [ $rc = 0 ] || fail "$1: exit $rc: $out"; }
says() { case $out in *"$1"*) ;; *) fail "does not say \"$1\": $out" ;; esac; }
node_ready() { [ "$(kubectl_of srv get node "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>&1)" = True ]; }
server_process() { on "$1" sh -c 'for p in $(pgrep -x skerry); do tr "\\0" " " </proc/$p/cmdline | grep -qE "skerry (server|agent)" && echo $p; done'; }

runs_on_two() { [ -n "$(process_of two demo-server)" ]; }

step "a server under OpenRC"
install srv -- "--node-label=place=it's" || true
[ $rc != 0 ] || fail "a bad label was accepted"
says "place=it's"
says "/var/log/skerry.log"
install srv -- --node-label=place=here
works "server"
says "node srv is Ready"
node_ready srv || fail "the server's node is not Ready"
on srv rc-update show default | grep -q skerry || fail "not enabled"
[ "$(on srv stat -c %a /etc/skerry/skerry.env)" = 600 ] || fail "the environment file can be read by others"
pid=$(server_process srv)
[ -n "$pid" ] || fail "no process of the server"
install srv
works "second run"
says "nothing changed"
[ "$(server_process srv)" = "$pid" ] || fail "restarted although nothing changed"

step "agents: a wrong token is told; then both join"
token=$(on srv skerry token)
install one SKERRY_URL=https://10.99.0.2:6443 SKERRY_TOKEN="${token%?}x"
[ $rc != 0 ] || fail "a wrong token was accepted"
says "cannot join https://10.99.0.2:6443"
for name in one two; do
  install $name SKERRY_URL=https://10.99.0.2:6443 SKERRY_TOKEN="$token"
  works "agent $name"
  says "node $name is Ready"
  node_ready $name || fail "$name is not Ready when install.sh has ended"
  on $name sh -c 'test -x /usr/local/bin/skerry-agent-uninstall.sh -a ! -e /usr/local/bin/skerry-uninstall.sh' || fail "the scripts of $name"
done
[ "$(on one systemctl is-active skerry-agent)" = active ] || fail "the service is not active"
# What systemd/ holds for those who install by hand is what install.sh writes.
diff "$top/systemd/skerry-agent.service" "$(root_of one)/etc/systemd/system/skerry-agent.service" || fail "systemd/skerry-agent.service"
diff "$top/systemd/skerry-agent.openrc" "$(root_of two)/etc/init.d/skerry-agent" || fail "systemd/skerry-agent.openrc"
sed 's/ --node-label=place=here"/"/' "$(root_of srv)/etc/init.d/skerry" | diff "$top/systemd/skerry.openrc" - || fail "systemd/skerry.openrc"
verified=$(on one systemd-analyze verify /etc/systemd/system/skerry-agent.service 2>&1) && [ -z "$verified" ] || fail "systemd-analyze verify: $verified"
install one SKERRY_TOKEN=x -- server
[ $rc != 0 ] || fail "a server was installed over an agent"
says "an agent already"

step "upgrade of an agent under a pod"
import two
until_ok 20 kubectl_of srv get serviceaccount default || fail "no default service account"
kubectl_of srv run web --image=skerry.local/demo:1 --overrides='{"spec":{"nodeName":"two"}}' >/dev/null || fail "kubectl run"
kubectl_of srv wait --for=condition=Ready pod/web --timeout=60s >/dev/null || fail "the pod does not run: $(kubectl_of srv describe pod web)"
pod=$(process_of two demo-server)
pid=$(server_process two)
[ -n "$pod" ] && [ -n "$pid" ] || fail "no process of the pod or the agent"
echo v0.2.0 >"$www/base/channels/stable"
install two
works "upgrade"
says "keeping the configuration of the service skerry-agent"
[ "$(server_process two)" != "$pid" ] || fail "not restarted"
[ "$(process_of two demo-server)" = "$pod" ] || fail "the pod was restarted by the upgrade"
node_ready two || fail "not Ready after the upgrade"

step "without the server an agent's service starts, and is ready"
on srv rc-service skerry stop >/dev/null 2>&1 || fail "rc-service stop"
on one systemctl stop skerry-agent
on one timeout 40 systemctl start skerry-agent || fail "systemctl start waits for the server"
[ "$(on one systemctl is-active skerry-agent)" = active ] || fail "the agent is not active"
on srv rc-service skerry start >/dev/null 2>&1 || fail "rc-service start"
on srv skerry ready --service skerry --timeout 60 >/dev/null || fail "the server does not come back: $(on srv skerry ready --service skerry 2>&1)"

step "booted without any network, a node runs its pods"
on two skerry-killall.sh >/dev/null || fail "killall"
[ -z "$(process_of two demo-server)" ] || fail "the pod lives on"
net two ip -4 addr flush dev eth0
on two rc-service skerry-agent start >/dev/null 2>&1 || fail "rc-service start"
until_ok 30 runs_on_two || fail "the pod does not run without the network"
net two ip addr add 10.99.0.4/24 dev eth0
net two ip route add default via 10.99.0.1
until_ok 30 node_ready two || fail "two is not Ready with its network"

step "remove"
on two skerry-agent-uninstall.sh >"$work/out" 2>&1 || fail "uninstall of two: $(cat "$work/out")"
on one skerry-agent-uninstall.sh >"$work/out" 2>&1 || fail "uninstall of one: $(cat "$work/out")"
on srv skerry-uninstall.sh >"$work/out" 2>&1 || fail "uninstall of srv: $(cat "$work/out")"
for name in srv one two; do
  snapshot $name "$work/$name.after"
  same "$work/$name.before" "$work/$name.after" "uninstall of $name"
done
echo "passed"
