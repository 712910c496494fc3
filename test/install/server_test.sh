#!/bin/bash
# A server's life on a machine with systemd: installed by a piped script, run again, reconfigured, upgraded under running pods,
# broken, stopped, removed; and the machine is as it was before.
. "$(dirname "$0")/machine.sh"
prepare
lan
boot m 2 systemd
root=$(root_of m)
net m sysctl -q net.ipv4.ip_forward=0
snapshot m "$work/before"
cp "$top/install.sh" "$www/"
release "$www/base/v0.1.0" v0.1.0 "$skerry"
# Another version: the same program with other bytes at its end.
cp "$skerry" "$work/skerry2"
echo >>"$work/skerry2"
release "$www/base/v0.2.0" v0.2.0 "$work/skerry2"
mkdir -p "$www/base/channels"
echo v0.1.0 >"$www/base/channels/stable"

install() {
  out=$(piped m dash SKERRY_RELEASE_URL="$site/base" INSTALL_SKERRY_TIMEOUT=60 "$@" 2>&1)
  rc=$?
}
works() { [ $rc = 0 ] || fail "$1: exit $rc: $out"; }
says() { case $out in *"$1"*) ;; *) fail "does not say \"$1\": $out" ;; esac; }
main_pid() { on m systemctl show -p MainPID --value skerry; }
ready() { [ "$(kubectl_of m get node m -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>&1)" = True ]; }

step "install"
install SKERRY_TOKEN='a"secret"$tok`en' NO_PROXY=10.0.0.0/8 -- server --node-label 'rack=a b' --node-label=site=quay
[ $rc != 0 ] || fail "a label with a space was accepted"
says "rack=a b"
says "journalctl -u skerry"
install SKERRY_TOKEN='a"secret"$tok`en' NO_PROXY=10.0.0.0/8 -- server --node-label=rack=7 --node-label site=quay
works "install"
says "node m is Ready"
ready || fail "the node is not Ready when install.sh has ended"
[ "$(kubectl_of m get node m -o 'jsonpath={.metadata.labels.rack} {.metadata.labels.site}')" = "7 quay" ] || fail "flags did not arrive"
[ "$(on m env HOME=/tmp/home kubectl get node m -o name 2>&1)" = node/m ] || fail "the link kubectl: $(on m env HOME=/tmp/home kubectl get node m 2>&1)"
[ "$(on m stat -c %a /etc/skerry/skerry.env)" = 600 ] || fail "the environment file can be read by others"
on m skerry token | grep -q 'a"secret"$tok`en' || fail "the token did not arrive: $(on m skerry token)"
on m cat /proc/"$(main_pid)"/environ | tr '\0' '\n' | grep -qx 'NO_PROXY=10.0.0.0/8' || fail "proxy settings did not arrive"
grep -q secret "$root/etc/systemd/system/skerry.service" && fail "the token is in the unit"
[ "$(on m systemctl is-enabled skerry)" = enabled ] || fail "not enabled"
verified=$(on m systemd-analyze verify /etc/systemd/system/skerry.service 2>&1) && [ -z "$verified" ] || fail "systemd-analyze verify: $verified"
[ "$(on m systemctl show -p Type -p KillMode -p Delegate -p Restart skerry | sort | tr '\n' ' ')" = "Delegate=yes KillMode=process Restart=always Type=notify " ] ||
  fail "the unit: $(on m systemctl cat skerry)"

step "readiness as systemd sees it: the API answers, the node is registered"
on m systemctl stop skerry
ready && fail "still there after stop"
on m systemctl start skerry || fail "start"
[ "$(kubectl_of m get --raw /readyz 2>&1)" = ok ] || fail "not ready although systemctl start has ended: $(kubectl_of m get --raw /readyz 2>&1)"
ready || fail "the node is not registered although systemctl start has ended"

step "a second run does nothing"
pid=$(main_pid)
snapshot m "$work/first"
install SKERRY_TOKEN='a"secret"$tok`en' NO_PROXY=10.0.0.0/8 -- server --node-label=rack=7 --node-label site=quay
works "second run"
says "nothing changed"
install
works "a bare second run"
says "keeping the configuration"
says "nothing changed"
[ "$(main_pid)" = "$pid" ] || fail "restarted although nothing changed"
snapshot m "$work/second"
for f in first second; do sed -n '/^== files/,/^== mounts/p' "$work/$f" | grep -v '/var/lib/skerry\|/var/log/' >"$work/$f.files"; done
same "$work/first.files" "$work/second.files" "second run"

step "a pod, and a new configuration under it"
import m
until_ok 20 kubectl_of m get serviceaccount default || fail "no default service account"
kubectl_of m run web --image=skerry.local/demo:1 >/dev/null || fail "kubectl run"
kubectl_of m wait --for=condition=Ready pod/web --timeout=60s >/dev/null || fail "the pod does not run: $(kubectl_of m describe pod web)"
pod=$(process_of m demo-server)
[ -n "$pod" ] || fail "no process of the pod"
install INSTALL_SKERRY_EXEC="server --node-label 'rack=8'" INSTALL_SKERRY_SKIPSTART=true -- --node-label=note=it
says "INSTALL_SKERRY_SKIPSTART is not known"
works "reconfigure"
[ "$(main_pid)" != "$pid" ] || fail "not restarted"
until_ok 10 test "$(kubectl_of m get node m -o 'jsonpath={.metadata.labels.rack}')" = 8 || fail "the new label did not arrive"
[ "$(kubectl_of m get node m -o 'jsonpath={.metadata.labels.note}')" = it ] || fail "the words after INSTALL_SKERRY_EXEC did not arrive"
[ "$(process_of m demo-server)" = "$pod" ] || fail "the pod was restarted by the new configuration"
grep -q '^SKERRY_TOKEN' "$root/etc/skerry/skerry.env" && fail "the old variables are still there"

echo 'node-label: [place=quay]' >>"$root/etc/skerry/config.yaml"
pid=$(main_pid)
install
works "a changed configuration file"
[ "$(main_pid)" != "$pid" ] || fail "not restarted although the configuration file is newer"
sed -i '$d' "$root/etc/skerry/config.yaml"

step "an upgrade under it"
pid=$(main_pid)
echo v0.2.0 >"$www/base/channels/stable"
install
works "upgrade"
says "keeping the configuration"
[ "$(main_pid)" != "$pid" ] || fail "not restarted"
on m cmp /usr/local/bin/skerry "/proc/$(main_pid)/exe" || fail "the old executable runs on"
[ "$(on m sha256sum /usr/local/bin/skerry | cut -d' ' -f1)" = "$(sha256sum <"$work/skerry2" | cut -d' ' -f1)" ] || fail "not the new version"
ready || fail "not Ready after the upgrade"
[ "$(process_of m demo-server)" = "$pod" ] || fail "the pod was restarted by the upgrade"
kubectl_of m exec web -- wget -qO- http://127.0.0.1:8080/ | grep -q "version 1" || fail "the pod cannot be reached by the new version"
# One that was not started: the next call starts it, though there is nothing to change any more.
install INSTALL_SKERRY_VERSION=v0.1.0 INSTALL_SKERRY_SKIP_START=true
works "SKIP_START"
pid=$(main_pid)
install INSTALL_SKERRY_VERSION=v0.1.0
works "the call after SKIP_START"
[ "$(main_pid)" != "$pid" ] || fail "what SKIP_START left was not started"
pid=$(main_pid)
install INSTALL_SKERRY_VERSION=v0.1.0 INSTALL_SKERRY_FORCE_RESTART=true
works "FORCE_RESTART"
[ "$(main_pid)" != "$pid" ] || fail "FORCE_RESTART did not restart"
[ "$(process_of m demo-server)" = "$pod" ] || fail "the pod was restarted"

step "a configuration that does not work is told, and the pod runs on"
install INSTALL_SKERRY_VERSION=v0.1.0 -- --no-such-flag
[ $rc != 0 ] || fail "an unknown flag was accepted"
says "no-such-flag"
install INSTALL_SKERRY_VERSION=v0.1.0 -- server
works "back to a good configuration"
diff "$top/systemd/skerry.service" "$root/etc/systemd/system/skerry.service" || fail "systemd/skerry.service"
[ "$(process_of m demo-server)" = "$pod" ] || fail "the pod was restarted"

step "everything breaks: configuration, data, records; killall works"
echo 'data-dir: [' >"$root/etc/skerry/config.yaml.new"
cat "$root/etc/skerry/config.yaml" "$root/etc/skerry/config.yaml.new" >"$root/etc/skerry/config.yaml.both"
rm "$root/etc/skerry/config.yaml.new"
mv "$root/etc/skerry/config.yaml.both" "$root/etc/skerry/config.yaml"
on m sh -c 'for f in $(find /var/lib/skerry/server /var/lib/skerry/sandboxes /var/lib/skerry/containers /var/lib/skerry/agent -xdev -type f | grep -v "/upper/\|/rootfs/\|/network/sysctls"); do echo damaged >$f; done'
rm -f "$root/var/lib/skerry/lock"
on m skerry-killall.sh || fail "killall"
[ -z "$(process_of m demo-server)" ] || fail "the pod lives on"
[ -z "$(on m pgrep -f 'skerry server')" ] || fail "the server lives on"
[ "$(on m systemctl is-active skerry)" != active ] || fail "the service is active"
snapshot m "$work/killed"
for f in before killed; do sed -n '/^== mounts/,$p' "$work/$f" >"$work/$f.kernel"; done
same "$work/before.kernel" "$work/killed.kernel" "killall"
[ -e "$root/var/lib/skerry/server/state.db" ] || fail "killall removed data"
out=$(on m skerry-killall.sh 2>&1) || fail "killall again: $out"

step "uninstall does not delete what is mounted below its data"
mkdir -p "$root/var/lib/skerry/agent/images/mine" "$root/root/mine"
echo precious >"$root/root/mine/file"
on m mount --bind /root/mine /var/lib/skerry/agent/images/mine
out=$(on m skerry-uninstall.sh 2>&1) && fail "uninstall over a mount: $out"
says "stay for another try"
[ -e "$root/root/mine/file" ] || fail "uninstall deleted a mounted folder"
on m test -x /usr/local/bin/skerry -a -e /etc/systemd/system/skerry.service || fail "no second try is possible"
on m umount /var/lib/skerry/agent/images/mine
rm -r "$root/root/mine"

step "uninstall, although no server could start"
touch "$root/etc/skerry/mine.txt"
out=$(on m skerry-uninstall.sh 2>&1) || fail "uninstall: $out"
says "mine.txt"
rm "$root/etc/skerry/mine.txt"
rmdir "$root/etc/skerry"
snapshot m "$work/after"
same "$work/before" "$work/after" "uninstall"
echo "passed"
