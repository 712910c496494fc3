# shellcheck shell=bash disable=SC2015,SC2016,SC2086
# Sourced by the tests of install.sh: small machines with a service manager of their own, on one LAN with a web server.
#
#   lan                       makes the LAN; releases below $www are served at $site (http://10.99.0.1:8000)
#   boot NAME N INIT          a machine with address 10.99.0.N whose root is a tmpfs with Debian's files. INIT is systemd, openrc
#                             or none: what runs as its process 1, or is made ready there
#   on NAME COMMAND...        runs it there, as root
#   net NAME COMMAND...       runs a program of this machine with the network of that one
#   root_of NAME              the path of its root folder as seen from here
#   snapshot NAME FILE        what that machine is like: files, mounts, links, routes, rules, programs, groups, namespaces,
#                             processes, sysctls
#   release DIR VERSION FILE  makes the folder of a release whose executable (for every architecture) is FILE
#   step TEXT / expect ...    see below
#
# All of it is gone when the test ends, however it ends: processes die with their parent, mounts and links with the
# namespaces that the processes were in. Folders and control groups that a killed test left are removed by the next one.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
tools=${TEST_TOOLS:-$top/build/test-tools}
skerry=${SKERRY:-$top/build/release/skerry}
site=http://10.99.0.1:8000
clean=$tools/clean-root/root
declare -A machine_pid
lan_pid=''

skip() {
  echo "skipped: $*"
  exit 0
}
fail() {
  echo "FAILED: $*" >&2
  local name
  for name in "${!machine_pid[@]}"; do
    echo "---- $name: log" >&2
    on "$name" sh -c 'journalctl --no-pager -o cat -n 40 2>/dev/null || tail -n 40 /var/log/skerry*.log' >&2 2>/dev/null
  done
  exit 1
}
step() { echo "- $* ($(($(date +%s) - began)) s)"; }
# until_ok SECONDS COMMAND...: tries until it succeeds.
until_ok() {
  local end=$(($(date +%s) + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt $end ] || return 1
    sleep 0.1
  done
}

cgroup_folders() { # of which the machines' groups are children
  local h
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    echo /sys/fs/cgroup
  else
    for h in /sys/fs/cgroup/*/; do [ ! -e "$h/cgroup.procs" ] || [ -L "${h%/}" ] || echo "${h%/}"; done
  fi
}
remove_groups() { # PREFIX
  local folder g
  for folder in $(cgroup_folders); do
    for g in "$folder/$1"*; do [ ! -d "$g" ] || until_ok 5 remove_group "$g"; done
  done
}
remove_group() { find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || [ ! -e "$1" ]; }

end_all() {
  trap '' INT TERM
  local pid
  for pid in "${machine_pid[@]}" $lan_pid; do kill -KILL "$pid" 2>/dev/null; done
  wait 2>/dev/null
  remove_groups "skerry-install-$$-"
  rm -rf "$work"
}

prepare() {
  began=$(date +%s)
  [ "$(id -u)" = 0 ] || skip "machines of their own need root"
  for program in unshare nsenter setpriv ip nft bpftool python3; do
    command -v $program >/dev/null || skip "no program $program (make deps)"
  done
  [ -x "$skerry" ] || fail "no executable $skerry"
  "$here/make_root.sh" "$tools/clean-root" "$top/build/third_party" || skip "Debian's packages for a clean machine could not be fetched"
  # What killed tests left.
  local dir pid
  for dir in /tmp/skerry-install-*; do
    pid=${dir#/tmp/skerry-install-}
    case $pid in *[!0-9]*) continue ;; esac
    [ -d "$dir" ] && ! kill -0 "$pid" 2>/dev/null || continue
    remove_groups "skerry-install-$pid-"
    rm -rf "$dir"
  done
  work=/tmp/skerry-install-$$
  mkdir -p "$work/www"
  www=$work/www
  trap end_all EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# Starts a process that dies with this one, and everything in its namespaces with it.
held() { setpriv --pdeathsig KILL "$@" </dev/null & }

lan() {
  held unshare --net --pid --mount --fork --kill-child bash -c '
    set -e
    ip link set lo up
    ip link add br0 type bridge
    ip addr add 10.99.0.1/24 dev br0
    ip link set br0 up
    exec python3 "$@"' lan "$here/release_server.py" 10.99.0.1 8000 "$www" "$work/ready" >"$work/lan.log" 2>&1
  lan_pid=$!
  until_ok 10 test -e "$work/ready" || { cat "$work/lan.log" >&2; fail "the LAN did not come up"; }
}

boot() { # NAME N INIT
  local name=$1 n=$2 init=$3 group="skerry-install-$$-$1" folder unshare_pid
  mkdir -p "$work/$name"
  for folder in $(cgroup_folders); do
    mkdir -p "$folder/$group"
    for f in cpuset.cpus cpuset.mems; do
      [ ! -e "$folder/$f" ] || [ -e "$folder/cgroup.controllers" ] || cat "$folder/$f" >"$folder/$group/$f"
    done
  done
  held bash -c '
    name=$1 group=$2 folders=$3; shift 3
    for folder in $folders; do echo $BASHPID >"$folder/$group/cgroup.procs" || exit 1; done
    exec unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child bash "$@"' boot \
    "$name" "$group" "$(cgroup_folders)" "$here/machine_init.sh" "$work/$name" "$clean" "$name" "$group" "$init" >"$work/$name.log" 2>&1
  unshare_pid=$!
  machine_pid[$name]=$unshare_pid
  until_ok 10 child_of "$unshare_pid" || { cat "$work/$name.log" >&2; fail "machine $name did not start"; }
  machine_pid[$name]=$(child_of "$unshare_pid")
  # Out of the group whose children get controllers (v2).
  [ ! -d "/sys/fs/cgroup/$group/init" ] || until_ok 5 enter "/sys/fs/cgroup/$group/init" "$unshare_pid"
  local lan_inner
  lan_inner=$(child_of "$lan_pid")
  # The namespace is its own from the first moment, so the link can be made while it boots.
  ip link add "si$n" netns "$lan_inner" type veth peer name eth0 netns "${machine_pid[$name]}" || fail "cannot connect $name"
  nsenter -t "$lan_inner" -n ip link set "si$n" master br0 up
  net "$name" sysctl -q net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0 2>/dev/null # no waiting for neighbours
  net "$name" ip link set lo up
  net "$name" ip addr add "10.99.0.$n/24" dev eth0
  net "$name" ip link set eth0 up
  net "$name" ip route add default via 10.99.0.1
  case $init in
    systemd)
      until_ok 20 booted "$name" || { cat "$work/$name.log" >&2; skip "systemd does not start in a namespace here"; } ;;
    *) until_ok 10 on "$name" test -e /booted || { cat "$work/$name.log" >&2; fail "machine $name did not start"; } ;;
  esac
}
enter() { echo "$2" >"$1/cgroup.procs"; }
child_of() { tr -d ' ' <"/proc/$1/task/$1/children" 2>/dev/null | grep .; }
booted() { [ "$(on "$1" systemctl is-system-running)" = running ] || [ "$(on "$1" systemctl is-system-running)" = degraded ]; }

# In the machine's own control group, for what is started by hand.
on() {
  local name=$1
  shift
  (
    for folder in $(cgroup_folders); do
      g=$folder/skerry-install-$$-$name
      [ ! -d "$g/init" ] || g=$g/init
      [ ! -d "$g/init.scope" ] || g=$g/init.scope
      echo "$BASHPID" >"$g/cgroup.procs" 2>/dev/null
    done
    exec nsenter -t "${machine_pid[$name]}" -m -p -n -u -i -C -r -w env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root "$@"
  )
}
net() {
  local name=$1
  shift
  nsenter -t "${machine_pid[$name]}" -n "$@"
}
root_of() { echo "/proc/${machine_pid[$1]}/root"; }
kubectl_of() { # MACHINE ARGS...
  local name=$1
  shift
  HOME=$work net "$name" "$tools/bin/kubectl-1.20" --kubeconfig "$(root_of "$name")/etc/skerry/skerry.yaml" "$@"
}
shut_down() {
  kill -KILL "${machine_pid[$1]}" 2>/dev/null
  unset "machine_pid[$1]"
}

snapshot() { # NAME FILE
  local name=$1 folder
  {
    echo "== files"
    on "$name" sh -c '
      find / -xdev \( -path /var/lib/systemd -o -path /var/log/journal -o -path /var/log/wtmp -o -path /var/cache/ldconfig -o -path /booted \) -prune -o \
        ! -type d -printf "%p %y %m %U:%G %l\n" -o -printf "%p %y %m %U:%G\n" | sort
      find / -xdev \( -path /var/lib/systemd -o -path /var/log/journal -o -path /var/log/wtmp -o -path /usr/lib -o -path /usr/share \) -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
      find /run /tmp -xdev \( -name "*skerry*" -o -path "/run/netns*" \)'
    echo "== mounts"
    on "$name" sed 's/^[0-9]* [0-9]* [0-9:]* //' /proc/1/mountinfo | sort
    echo "== links"
    net "$name" ip -o link | sed 's/^[0-9]*: //; s/ qlen.*//'
    net "$name" ip -o addr | sed 's/^[0-9]*: //; s/valid_lft.*//'
    echo "== routes"
    net "$name" ip route show table all
    net "$name" ip rule
    echo "== nftables"
    net "$name" nft list ruleset
    echo "== bpf"
    for folder in $(cgroup_folders); do bpftool cgroup tree "$folder/skerry-install-$$-$name" 2>/dev/null; done | grep -v '^ *[0-9]* .* sd_' # systemd has its own
    echo "== cgroups"
    for folder in $(cgroup_folders); do (cd "$folder/skerry-install-$$-$name" && find . -type d | grep 'skerry\|^[a-z/._-]*$' | grep -v '\.\(slice\|scope\|mount\|socket\)\(/[a-z.-]*\.service\)*$' | sort | sed "s|^|$folder |"); done
    echo "== namespaces"
    on "$name" sh -c 'for k in net mnt; do for p in /proc/[0-9]*; do readlink $p/ns/$k; done 2>/dev/null | sort -u | grep -c .; done'
    echo "== processes"
    on "$name" ps -eo user,args --no-headers | grep -v 'ps -eo\|sleep 1000\|systemd-tmpfiles\|systemd-hostnamed\|\[.*\]$' | sort
    echo "== sysctls"
    net "$name" sysctl -a 2>/dev/null | grep '^net\.\(ipv4\|ipv6\|bridge\)\|^vm\.\|^kernel\.\(panic\|keys\|pid_max\)' | grep -v 'tcp_fastopen_key\|\.stable_secret'
  } >"$2" 2>&1
}

release() { # DIR VERSION FILE
  mkdir -p "$1"
  local arch
  for arch in amd64 arm64 armhf; do
    rm -f "$1/skerry-linux-$arch"
    ln "$3" "$1/skerry-linux-$arch" 2>/dev/null || cp "$3" "$1/skerry-linux-$arch"
  done
  echo "$2" >"$1/version"
  cp "$top/install.sh" "$1/install.sh"
  (cd "$1" && sha256sum skerry-linux-* version install.sh >SHA256SUMS)
}

# same BEFORE AFTER WHAT: two snapshots say the same.
same() {
  diff "$1" "$2" >"$work/difference" || { cat "$work/difference" >&2; fail "$3: the machine is not as it was before"; }
}
# import MACHINE: the demo's image.
import() {
  cp "$tools/images/demo-1.tar" "$(root_of "$1")/tmp/" && on "$1" skerry images import /tmp/demo-1.tar >/dev/null || fail "cannot import an image"
  rm "$(root_of "$1")/tmp/demo-1.tar"
}
# The process of a container, as number and time of start, so that it is known again.
process_of() { # MACHINE PATTERN
  on "$1" sh -c 'for p in $(pgrep -f "$0"); do [ "$p" = $$ ] || cut -d" " -f1,22 /proc/$p/stat; done' "$2" | sort
}

# The script as users get it: from the web server, piped into a shell. piped MACHINE SHELL [VARIABLE=value...] [-- WORDS...]
piped() {
  local name=$1 shell=$2 words=() variables=()
  shift 2
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    variables+=("$1")
    shift
  done
  [ $# -eq 0 ] || { shift; words=(-s - "$@"); }
  on "$name" "${variables[@]}" sh -c 'curl -sfL "$0/install.sh" | "$@"' "$site" $shell "${words[@]}"
}
