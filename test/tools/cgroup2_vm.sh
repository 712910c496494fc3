#!/bin/bash
# Runs Skerry on a machine whose control groups are v2 only: Debian's cloud kernel in qemu (without KVM, so a few minutes),
# with nothing but busybox, kubectl and the executable. Needs no root, and leaves nothing but the kernel's package:
#   cgroup2_vm.sh SKERRY IMAGES_DIR KUBECTL CACHE_DIR [UNIT_TESTS...]
# KUBECTL must be static (kubectl-1.20 of `make test-tools`). UNIT_TESTS are run there too. Needs qemu-system-x86 and busybox-static.
set -eu
[ $# -ge 4 ] || { echo "usage: ${0##*/} SKERRY IMAGES_DIR KUBECTL CACHE_DIR [UNIT_TESTS...]" >&2; exit 2; }
skerry=$(realpath "$1") images=$(realpath "$2") kubectl=$(realpath "$3")
mkdir -p "$4"
cache=$(realpath "$4")
for program in qemu-system-x86_64 busybox dpkg apt-get; do
  command -v $program >/dev/null || { echo "no $program (Debian: qemu-system-x86, busybox-static)" >&2; exit 2; }
done
work=$(mktemp -d "${TMPDIR:-/tmp}/cgroup2-vm.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# The kernel: whichever 6.1 the suite offers last.
if ! ls "$cache"/linux-image-*.deb >/dev/null 2>&1; then
  package=$(apt-cache search --names-only '^linux-image-6[.]1[.]0-[0-9]+-cloud-amd64$' | cut -d' ' -f1 | sort -V | tail -n 1)
  [ -n "$package" ] || { echo "apt knows no linux-image-6.1.0-*-cloud-amd64" >&2; exit 2; }
  (cd "$cache" && apt-get download "$package" >"$work/download.log" 2>&1) || { cat "$work/download.log" >&2; exit 2; }
fi
dpkg -x "$(ls "$cache"/linux-image-*.deb | tail -n 1)" "$work/kernel"
version=$(basename "$work"/kernel/lib/modules/*)
modules=lib/modules/$version

# The guest's files. The kernel loads what it misses through /sbin/modprobe.
guest=$work/guest
mkdir -p "$guest"/{bin,sbin,etc,dev,proc,sys,tmp,run,root,var/log,images,"$modules/kernel"/{drivers/net,fs}}
cp "$(command -v busybox)" "$guest/bin/busybox"
for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -sf busybox "$guest/bin/$applet"; done
ln -s ../bin/busybox "$guest/sbin/modprobe"
cp "$skerry" "$guest/bin/skerry"
cp "$kubectl" "$guest/bin/kubectl"
cp "$images/demo-1.tar" "$guest/images/"
mkdir "$guest/root/tests"
for program in "${@:5}"; do cp "$program" "$guest/root/tests/"; done
cp -r "$(dirname "$0")/../../config" "$guest/"  # unit tests read the annotated examples
from=$work/kernel/$modules
cp -r "$from"/kernel/{net,lib,crypto} "$guest/$modules/kernel/"
cp -r "$from/kernel/fs/overlayfs" "$guest/$modules/kernel/fs/"
cp -r "$from"/kernel/drivers/net/{dummy.ko,veth.ko,vxlan} "$guest/$modules/kernel/drivers/net/"
cp "$from"/modules.{builtin,order} "$guest/$modules/"
busybox depmod -b "$guest" "$version" 2>/dev/null || true
[ -s "$guest/$modules/modules.dep" ] || (cd "$guest/$modules" && busybox depmod -n -b "$guest" "$version" >modules.dep)
echo 'root:x:0:0:root:/root:/bin/sh' >"$guest/etc/passwd"
echo 'root:x:0:' >"$guest/etc/group"
echo '127.0.0.1 localhost' >"$guest/etc/hosts"
echo 'nameserver 127.0.0.9' >"$guest/etc/resolv.conf"

cat >"$guest/init" <<'GUEST'
#!/bin/sh
# On the initramfs pivot_root is refused, so everything moves to a tmpfs first.
export PATH=/bin:/sbin
mount -t proc proc /proc
mkdir /new
mount -t tmpfs -o size=1500m tmpfs /new
cp -a /bin /sbin /etc /lib /images /root /config /var /run /tmp /checks /new/
mkdir /new/proc /new/sys /new/dev
umount /proc
exec switch_root /new /checks
GUEST

cat >"$guest/checks" <<'GUEST'
#!/bin/sh
export PATH=/bin:/sbin HOME=/root KUBECONFIG=/root/kubeconfig
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec >/dev/ttyS0 2>&1 </dev/null
mount --make-rshared /
hostname v2
for m in overlay veth bridge br_netfilter vxlan dummy nf_tables; do modprobe $m || echo "note: no module $m"; done
ip link set lo up
ip link show dummy0 >/dev/null 2>&1 || ip link add dummy0 type dummy
ip addr add 10.99.0.11/24 dev dummy0
ip link set dummy0 up
ip route add default via 10.99.0.1 dev dummy0
echo "note: Linux $(uname -r), controllers $(cat /sys/fs/cgroup/cgroup.controllers)"

failed=0
seconds() { cut -d. -f1 /proc/uptime; }
fail() { echo "FAIL $*"; failed=$((failed + 1)); }
check() { # NAME EXPECTED ACTUAL
  if [ "$2" = "$3" ]; then echo "ok $1"; else fail "$1: expected '$2', got '$3'"; fi
}
contains() { # NAME PART TEXT
  case "$3" in *"$2"*) echo "ok $1" ;; *) fail "$1: no '$2' in '$3'" ;; esac
}
until_is() { # NAME EXPECTED COMMAND...: within three minutes
  local name="$1" expected="$2" begin=$(seconds) got
  shift 2
  while :; do
    got=$("$@" 2>&1)
    [ "$got" != "$expected" ] || { echo "ok $name"; return 0; }
    [ $(($(seconds) - begin)) -lt 180 ] || break
    sleep 1
  done
  fail "$name: expected '$expected', got '$got'"
  return 1
}
start() {
  skerry server --node-ip 10.99.0.11 --node-name v2 --write-kubeconfig /root/kubeconfig --images-dir /images "$@" \
    >>/root/skerry.log 2>&1 &
  server=$!
}
group() { # POD: its container's group
  find /sys/fs/cgroup/skerry-* -type d -path "*$(kubectl get pod "$1" -o 'jsonpath={.metadata.uid}')/*" | head -n 1
}
pod() { kubectl get pod "$1" -o "jsonpath={$2}"; }

for program in /root/tests/*; do
  [ ! -x "$program" ] || { "$program" >/root/test.log 2>&1 && ! grep 'skipped:' /root/test.log && echo "ok ${program##*/}: $(grep 'test cases' /root/test.log)"; } ||
    { fail "${program##*/}"; tail -n 60 /root/test.log; }
done
start
until_is "the node is ready" True kubectl get node v2 -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
echo "note: ready after $(seconds) s"
cat >/root/pods.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: limits}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: c
    image: skerry.local/demo:1
    command: [sh, -c, "echo hello from v2; exec sleep 100000"]
    resources:
      requests: {cpu: 200m, memory: 32Mi}
      limits: {cpu: 500m, memory: 64Mi}
---
apiVersion: v1
kind: Pod
metadata: {name: besteffort}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - {name: c, image: "skerry.local/demo:1", command: [sleep, "100000"]}
---
apiVersion: v1
kind: Pod
metadata: {name: privileged}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - {name: c, image: "skerry.local/demo:1", command: [sleep, "100000"], securityContext: {privileged: true}}
---
apiVersion: v1
kind: Pod
metadata: {name: oom}
spec:
  restartPolicy: Never
  containers:
  - name: c
    image: skerry.local/demo:1
    command: [sh, -c, "echo eating; exec tail /dev/zero"]
    resources: {limits: {memory: 16Mi}}
---
apiVersion: v1
kind: Pod
metadata: {name: oomchild}
spec:
  restartPolicy: Never
  containers:
  - name: c
    image: skerry.local/demo:1
    command: [sh, -c, "tail /dev/zero; echo the child ended with $?; exit 3"]
    resources: {limits: {memory: 16Mi}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: c
    image: skerry.local/demo:1
    readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1, timeoutSeconds: 10}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
YAML
until_is "the default service account is there" default kubectl get serviceaccount default -o 'jsonpath={.metadata.name}'
kubectl apply -f /root/pods.yaml >/dev/null || fail "apply"
for p in limits besteffort privileged web; do until_is "pod $p runs" true pod $p '.status.containerStatuses[0].ready'; done

g=$(group limits)
check "memory.max" 67108864 "$(cat $g/memory.max)"
check "cpu.max" "50000 100000" "$(cat $g/cpu.max)"
check "cpu.weight" 8 "$(cat $g/cpu.weight)"
check "pids.max is there" max "$(cat $g/pids.max)"
check "memory.max of the pod" 67108864 "$(cat $g/../memory.max)"
check "cpu.max of the pod" "50000 100000" "$(cat $g/../cpu.max)"
check "the container's process is in its group" 1 "$(wc -l <$g/cgroup.procs)"
first=$(cat $g/cgroup.procs)
check "best effort: cpu.weight" 1 "$(cat "$(group besteffort)/cpu.weight")"
check "all best effort pods: cpu.weight" 1 "$(cat /sys/fs/cgroup/skerry-default/kubepods/besteffort/cpu.weight)"
check "best effort: memory.max" max "$(cat "$(group besteffort)/memory.max")"

check "logs" "hello from v2" "$(kubectl logs limits)"
check "exec" "seen" "$(kubectl exec limits -- echo seen)"
check "a container sees its own group as the root" "0::/" "$(kubectl exec limits -- cat /proc/self/cgroup)"
check "a container sees its limit" 67108864 "$(kubectl exec limits -- cat /sys/fs/cgroup/memory.max)"
contains "a container cannot change its limit" "Read-only" "$(kubectl exec limits -- sh -c 'echo max > /sys/fs/cgroup/memory.max' 2>&1)"
contains "a privileged container can write its group" done "$(kubectl exec privileged -- sh -c 'm=$(awk "\$5 == \"/sys/fs/cgroup\" {print \$6}" /proc/self/mountinfo); case $m in rw*) echo done;; *) echo $m;; esac' 2>&1)"
check "allowed devices" 0000 "$(kubectl exec limits -- sh -c 'head -c 2 /dev/zero | od -An -tx1 | tr -d " \n"; : >/dev/null')"
contains "other devices are refused" "not permitted" "$(kubectl exec limits -- sh -c 'mknod /tmp/kmsg c 1 11 && head -c 1 /tmp/kmsg' 2>&1)"
check "a privileged container may use them" 0 "$(kubectl exec privileged -- sh -c 'mknod /tmp/kmsg c 1 11 && dd if=/tmp/kmsg of=/dev/null bs=8192 count=1 2>/dev/null; echo $?' 2>&1)"

kubectl exec privileged -- sh -c 'cd "/sys/fs/cgroup$(sed -n s/0:://p /proc/self/cgroup)" && mkdir own; for p in $(cat cgroup.procs); do echo $p >own/cgroup.procs; done 2>/dev/null
  echo "+memory +pids" >cgroup.subtree_control' || fail "a privileged container makes groups: $?"
contains "exec in a container that has made groups" /own "$(kubectl exec privileged -- cat /proc/self/cgroup 2>&1)"
until_is "a container beyond its memory ends" Failed pod oom .status.phase
check "its reason" "OOMKilled 137" "$(pod oom '.status.containerStatuses[0].state.terminated.reason') $(pod oom '.status.containerStatuses[0].state.terminated.exitCode')"
until_is "one whose child is beyond it ends" Failed pod oomchild .status.phase
check "its reason" "OOMKilled 137" "$(pod oomchild '.status.containerStatuses[0].state.terminated.reason') $(pod oomchild '.status.containerStatuses[0].state.terminated.exitCode')"

ip=$(kubectl get service web -o 'jsonpath={.spec.clusterIP}')
answer="hello from web, version 1"
until_is "a Service answers the host" "$answer" timeout 20 wget -q -O - "http://$ip/cgi-bin/index.cgi"
until_is "a Service answers a pod, by name" "$answer" kubectl exec limits -- timeout 20 wget -q -O - http://web/cgi-bin/index.cgi
grep -i -m 1 'service.*\(ebpf\|nftables\)' /root/skerry.log | sed 's/^/note: /'
case "$(kubectl get --raw /api/v1/nodes/v2/proxy/stats/summary | tr -d ' \n' | grep -o '"workingSetBytes":[1-9][0-9]*' | head -n 1)" in
  ?*) echo "ok statistics" ;; *) fail "statistics: $(kubectl get --raw /api/v1/nodes/v2/proxy/stats/summary | head -c 600)" ;;
esac

kill -KILL $server
wait $server 2>/dev/null
check "containers survive the server" "$first" "$(grep -x "$first" $g/cgroup.procs)"
start --service-proxy nftables
until_is "exec after a restart" again kubectl exec limits -- echo again
until_is "a Service answers the host, by nftables" "$answer" timeout 20 wget -q -O - "http://$ip/cgi-bin/index.cgi"
until_is "a Service answers a pod, by nftables" "$answer" kubectl exec limits -- timeout 20 wget -q -O - http://web/cgi-bin/index.cgi
check "no container was restarted" "0" "$(pod limits '.status.containerStatuses[0].restartCount')"

kubectl delete pod limits oom --timeout=120s >/dev/null || fail "delete"
check "a deleted pod's group is gone" "" "$(ls -d $g 2>/dev/null)"
kill $server
wait $server 2>/dev/null
skerry killall || fail "killall: $?"
check "killall leaves no groups" "" "$(ls -d /sys/fs/cgroup/skerry-* 2>/dev/null)"
check "killall leaves no mounts" "" "$(grep -E '/run/skerry|/var/lib/skerry|netns|overlay' /proc/mounts)"
check "killall leaves no links" "dummy0 lo" "$(ls /sys/class/net | sort | xargs)"
check "killall leaves no processes" "" "$(for p in /proc/[0-9]*; do readlink $p/exe; done 2>/dev/null | grep -v '^/bin/busybox$')"
skerry uninstall >/dev/null || fail "uninstall: $?"
check "uninstall leaves no files" "" "$(ls -d /var/lib/skerry /run/skerry /var/log/pods /var/log/containers /etc/skerry 2>/dev/null)"
check "uninstall leaves an executable that was put there by hand" "/bin/skerry" "$(ls /bin/skerry)"
echo "note: warnings and errors in the log of skerry:"
grep -E '"level":"(warn|error)|WARN|ERROR| [WE] ' /root/skerry.log | head -n 20
[ $failed = 0 ] || { echo "note: the log of skerry ends:"; tail -n 40 /root/skerry.log; dmesg | tail -n 15; }
echo "note: finished after $(seconds) s"
if [ $failed = 0 ]; then echo "RESULT passed"; else echo "RESULT $failed failed"; fi
sync
poweroff -f
GUEST
chmod 755 "$guest/init" "$guest/checks"
(cd "$guest" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$work/initrd.gz"
rm -rf "$guest"

# A guest that hangs must not hang the caller; the pipe's status is looked at through what the guest printed.
timeout "${CGROUP2_VM_SECONDS:-900}" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 3072 -nographic -no-reboot -nodefaults \
  -serial stdio -kernel "$work"/kernel/boot/vmlinuz-* -initrd "$work/initrd.gz" \
  -append "console=ttyS0 quiet panic=-1 rdinit=/init mitigations=off" </dev/null 2>&1 | tr -d '\r' | tee "$work/console" || true
result=$(sed -n 's/^RESULT //p' "$work/console")
if [ "$result" = passed ]; then
  echo "passed"
else
  echo "control groups v2 in a virtual machine: ${result:-the machine ended before its checks did}" >&2
  exit 1
fi
