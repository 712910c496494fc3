#!/bin/sh
# Installs Skerry on this machine, upgrades it, or changes how it is run.
#
#   curl -sfL https://.../install.sh | sh -                                        a server with a node
#   curl -sfL https://.../install.sh | SKERRY_URL=https://SERVER:6443 SKERRY_TOKEN=K10... sh -    a node of that server
#   curl -sfL https://.../install.sh | sh -s - server --disable-agent              words: the service's command and flags
#   ./install.sh                                                                   from an unpacked air-gap archive
#
# Run again, it upgrades or reconfigures; pods run on, and where nothing changed nothing is restarted. Without words and
# SKERRY_* variables it keeps the configuration that is there.
# Runs with any POSIX shell (dash, busybox ash); needs curl or wget, and sudo unless root. docs/install.md tells more.
#
# Variables:
#   SKERRY_RELEASE_URL             where releases are: https://, http://, file:// or a folder; either a place with channels/
#                                  and a folder for each version, or one version's folder (it holds SHA256SUMS)
#   SKERRY_URL, SKERRY_TOKEN       the server to join, and its token (`skerry token` there)
#   SKERRY_*                       any setting (docs/config.md); kept with proxies in /etc/skerry/NAME.env, mode 0600
#   INSTALL_SKERRY_VERSION         version to install, such as v0.1.0
#   INSTALL_SKERRY_CHANNEL         where that is not given: the version this channel names (stable)
#   INSTALL_SKERRY_EXEC            command and flags of the service, before those given as words
#   INSTALL_SKERRY_NAME            the service is called skerry-NAME instead of skerry or skerry-agent
#   INSTALL_SKERRY_TYPE            Type= of the systemd unit (notify)
#   INSTALL_SKERRY_BIN_DIR         where the executable goes (/usr/local/bin, or /opt/bin where that cannot be written)
#   INSTALL_SKERRY_BIN_DIR_READ_ONLY=true  write nothing there; the executable is there already
#   INSTALL_SKERRY_SYSTEMD_DIR     where the unit goes (/etc/systemd/system)
#   INSTALL_SKERRY_SKIP_DOWNLOAD=true      take the executable that is there
#   INSTALL_SKERRY_SKIP_ENABLE=true        write the service, neither enable nor start it
#   INSTALL_SKERRY_SKIP_START=true         enable it, do not start it
#   INSTALL_SKERRY_FORCE_RESTART=true      restart it even if nothing changed
#   INSTALL_SKERRY_SYMLINK         the link kubectl: skip: never; force: also where there is another kubectl
#   INSTALL_SKERRY_TIMEOUT         seconds to wait until the node is Ready (180; 0: do not wait)

# Everything is in functions that the last line calls: of a script that arrives incomplete nothing is run.
# shellcheck disable=SC2016 # what stands in single quotes is for sed and for the other shell
set -eu

default_release_url=""
mark="Written by Skerry's install.sh"

say() { printf '%s\n' "skerry: $*"; }
warn() { printf '%s\n' "skerry: warning: $*" >&2; }
die() {
  printf '%s\n' "skerry: $*" >&2
  exit 1
}

# Commands that change the machine go through this.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}
have() { command -v "$1" >/dev/null 2>&1; }

# ---- what is wanted --------------------------------------------------------------------------------------------------

find_arch() {
  machine=$(uname -m)
  case $machine in
    x86_64 | amd64) arch=amd64 ;;
    aarch64 | arm64) arch=arm64 ;;
    armv7* | armv8l | armhf) arch=armhf ;;
    *) die "there is no Skerry for this processor ($machine): there is amd64 (x86_64), arm64 (aarch64) and armhf (armv7)" ;;
  esac
}

# One word, quoted for systemd's ExecStart.
unit_word() {
  case $1 in
    '') printf '""' ;;
    *[!A-Za-z0-9_./:=,@+-]*) printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g; s/\$/$$/g; s/%/%%/g; s/^/"/; s/$/"/' ;;
    *) printf '%s' "$1" ;;
  esac
}
# One word, quoted for sh.
shell_word() {
  case $1 in
    '') printf "''" ;;
    *[!A-Za-z0-9_./:=,@+-]*) printf '%s' "$1" | sed "s/'/'\\\\''/g; s/^/'/; s/\$/'/" ;;
    *) printf '%s' "$1" ;;
  esac
}
# Within double quotes, for sh and for systemd's EnvironmentFile alike.
double_quoted() { printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g; s/\$/\\$/g; s/`/\\`/g'; }

# Sets role, unit_args and shell_args from INSTALL_SKERRY_EXEC and the words of the call.
read_words() {
  role='' unit_args='' shell_args=''
  case ${1:-} in
    server | agent)
      role=$1
      shift
      ;;
    '' | -*) ;;
    *) die "\"$1\" is neither server nor agent: the words are the service's command and its flags" ;;
  esac
  if [ -z "$role" ]; then
    if [ -n "${SKERRY_URL:-}" ]; then role=agent; else role=server; fi
  fi
  newline='
'
  for word; do
    case $word in *"$newline"*) die "a flag must not hold a line break" ;; esac
    unit_args="$unit_args $(unit_word "$word")"
    shell_args="$shell_args $(shell_word "$word")"
  done
}

# Was nothing said that configures the service? Then what is there is kept.
says_nothing() {
  [ $# -eq 0 ] && [ -z "${INSTALL_SKERRY_EXEC:-}${INSTALL_SKERRY_TYPE:-}" ] && [ -z "$(setting_names)" ]
}

# SKERRY_* and proxy variables that are set; those of this script left out.
setting_names() {
  env | sed -n 's/^\(SKERRY_[A-Z0-9_]*\)=..*/\1/p' | sort -u | grep -v '^SKERRY_RELEASE_URL$' || true
}
proxy_names() {
  env | sed -n 's/^\([Nn][Oo]_[Pp][Rr][Oo][Xx][Yy]\)=..*/\1/p; s/^\([Hh][Tt][Tt][Pp][Ss]\{0,1\}_[Pp][Rr][Oo][Xx][Yy]\)=..*/\1/p' | sort -u
}

# A switch that is spelt wrongly would be silently off.
check_switches() {
  for variable in $(env | sed -n 's/^INSTALL_SKERRY_\([A-Za-z0-9_]*\)=.*/\1/p'); do
    case $variable in
      VERSION | CHANNEL | EXEC | NAME | TYPE | BIN_DIR | BIN_DIR_READ_ONLY | SYSTEMD_DIR | SYMLINK | TIMEOUT) ;;
      SKIP_DOWNLOAD | SKIP_ENABLE | SKIP_START | FORCE_RESTART) ;;
      *) warn "INSTALL_SKERRY_$variable is not known here" ;;
    esac
  done
}

find_manager() {
  systemd_dir=${INSTALL_SKERRY_SYSTEMD_DIR:-/etc/systemd/system}
  if have systemctl && { [ -d /run/systemd/system ] || [ "$skip_start$skip_enable" != "" ]; }; then
    manager=systemd
  elif [ -x /sbin/openrc-run ] && have rc-update; then
    manager=openrc
  elif [ "$skip_enable" = true ]; then
    manager=none
  else
    die "neither systemd nor OpenRC runs here. INSTALL_SKERRY_SKIP_ENABLE=true installs the executable only; start it with: skerry server"
  fi
}

service_file() {
  case $manager in
    systemd) printf '%s' "$systemd_dir/$1.service" ;;
    openrc) printf '%s' "/etc/init.d/$1" ;;
    *) printf '%s' /nonexistent ;;
  esac
}
is_ours() { [ -f "$1" ] && grep -q "$mark" "$1"; }

find_name() {
  keep=false
  if [ -n "${INSTALL_SKERRY_NAME:-}" ]; then
    case $INSTALL_SKERRY_NAME in *[!A-Za-z0-9_.@-]*) die "INSTALL_SKERRY_NAME: \"$INSTALL_SKERRY_NAME\" is no name for a service" ;; esac
  fi
  if says_nothing "$@" && [ "$manager" != none ]; then
    candidates="skerry skerry-agent"
    [ -z "${INSTALL_SKERRY_NAME:-}" ] || candidates=skerry-$INSTALL_SKERRY_NAME
    for candidate in $candidates; do
      if is_ours "$(service_file "$candidate")"; then
        name=$candidate keep=true
        say "keeping the configuration of the service $name"
        return
      fi
    done
  fi
  if [ -n "${INSTALL_SKERRY_NAME:-}" ]; then
    name=skerry-$INSTALL_SKERRY_NAME
    return
  fi
  case $role in
    server) name=skerry other=skerry-agent other_role="an agent" ;;
    *) name=skerry-agent other=skerry other_role="a server" ;;
  esac
  if is_ours "$(service_file $other)"; then
    die "this machine is $other_role already (service $other). Remove that first ($other-uninstall.sh), or give this one a name with INSTALL_SKERRY_NAME and folders, instance and ports of its own"
  fi
}

# ---- fetching --------------------------------------------------------------------------------------------------------

# fetch FROM FILE: says what went wrong, and leaves no part of a file that looks whole.
fetch() {
  case $1 in
    http://* | https://*)
      if have curl; then
        secure=''
        case $1 in https://*) secure='--proto-redir =https' ;; esac
        # shellcheck disable=SC2086
        curl -fsSL $secure --connect-timeout 20 --retry 2 -o "$2" "$1" || die "could not fetch $1"
      elif have wget; then
        wget -q -O "$2" "$1" || die "could not fetch $1"
      else
        die "neither curl nor wget is here, one is needed to fetch $1"
      fi
      ;;
    file://*) cp "${1#file://}" "$2" || die "could not read $1" ;;
    /* | ./* | ../*) cp "$1" "$2" || die "could not read $1" ;;
    *) die "SKERRY_RELEASE_URL: \"$1\" is neither https://, http://, file:// nor the path of a folder" ;;
  esac
}
# Is there such a file?
can_fetch() { (fetch "$1" "$2") >/dev/null 2>&1; }

sum_of() {
  if have sha256sum; then
    sha256sum <"$1" | cut -d' ' -f1
  elif have shasum; then
    shasum -a 256 <"$1" | cut -d' ' -f1
  elif have openssl; then
    openssl dgst -sha256 -r <"$1" | cut -d' ' -f1
  else
    die "no program here computes SHA-256 sums (sha256sum, shasum or openssl)"
  fi
}
# The sum that SHA256SUMS has for a file.
sum_for() { awk -v name="$1" '{n = $2; sub(/^\*/, "", n); if (n == name && length($1) == 64) {print $1; exit}}' "$work/SHA256SUMS"; }

# Is this the folder of one version, rather than a place with channels (which may answer anything with a page)?
is_release() { can_fetch "$1/SHA256SUMS" "$work/SHA256SUMS" && grep -q '^[0-9a-f]\{64\} [ *]' "$work/SHA256SUMS"; }

# Sets release: the folder or address of one version.
find_release() {
  base=${SKERRY_RELEASE_URL:-}
  if [ -z "$base" ] && [ "${0##*/}" = install.sh ] && [ -f "${0%/*}/SHA256SUMS" ]; then
    base=$(cd "${0%/*}" && pwd)
  fi
  [ -n "$base" ] || base=$default_release_url
  [ -n "$base" ] || die "say where releases are: SKERRY_RELEASE_URL=https://... (or the path of a folder that holds one)"
  case $base in
    *://* | /*) ;;
    *) if [ -d "$base" ]; then base=$(cd "$base" && pwd); fi ;;
  esac
  while [ "${base%/}" != "$base" ]; do base=${base%/}; done
  case $base in
    https://*)
      if ! have curl && ! have ssl_client && wget --help 2>&1 | grep -q BusyBox; then
        warn "busybox' wget does not check certificates: whoever is between this machine and $base could send another Skerry; better install curl"
      fi
      ;;
  esac
  version=${INSTALL_SKERRY_VERSION:-}
  if [ -n "$version" ]; then
    case $version in *[!A-Za-z0-9._+-]* | .*) die "INSTALL_SKERRY_VERSION: \"$version\" is no version" ;; esac
    release=$base/$version
    # A folder of one version will do, if it is the one that is asked for.
    if is_release "$base"; then
      fetch "$base/version" "$work/version"
      [ "$(cat "$work/version")" = "$version" ] || die "$base holds version $(cat "$work/version"), not $version"
      release=$base
    fi
  elif is_release "$base"; then
    release=$base
    ! can_fetch "$base/version" "$work/version" || version=$(head -n 1 "$work/version")
  else
    channel=${INSTALL_SKERRY_CHANNEL:-stable}
    case $channel in *[!A-Za-z0-9._+-]* | .*) die "INSTALL_SKERRY_CHANNEL: \"$channel\" is no channel" ;; esac
    fetch "$base/channels/$channel" "$work/channel"
    version=$(head -n 1 "$work/channel")
    case $version in '' | *[!A-Za-z0-9._+-]* | .*) die "$base/channels/$channel names no version" ;; esac
    release=$base/$version
  fi
  [ "$release" = "$base" ] || fetch "$release/SHA256SUMS" "$work/SHA256SUMS"
  wanted=$(sum_for "skerry-linux-$arch")
  [ -n "$wanted" ] || die "$release/SHA256SUMS has no skerry-linux-$arch"
}

can_write() {
  if [ -d "$1" ]; then
    as_root sh -c 't=$(mktemp "$1/.skerry-XXXXXX") && rm -f "$t"' sh "$1" 2>/dev/null
  else
    as_root mkdir -p "$1" 2>/dev/null && as_root rmdir "$1" 2>/dev/null
  fi
}

find_bin_dir() {
  bin_dir=${INSTALL_SKERRY_BIN_DIR:-}
  if [ -z "$bin_dir" ]; then
    bin_dir=/usr/local/bin
    if [ "$bin_read_only" != true ] && ! can_write "$bin_dir"; then
      bin_dir=/opt/bin
      say "/usr/local/bin cannot be written; installing to $bin_dir"
    fi
  fi
  case $bin_dir in /*) ;; *) die "INSTALL_SKERRY_BIN_DIR: \"$bin_dir\" is no absolute path" ;; esac
  case $bin_dir in *[!A-Za-z0-9_./+-]*) die "INSTALL_SKERRY_BIN_DIR: \"$bin_dir\" holds characters that services cannot name" ;; esac
  executable=$bin_dir/skerry
}

# Puts FILE at PATH with MODE at once, or not at all.
put() {
  as_root sh -c '
    set -e
    mkdir -p "${2%/*}"
    new=$(mktemp "$2.XXXXXX")
    trap "rm -f \"$new\"" EXIT
    cat "$1" >"$new"
    chmod "$3" "$new"
    mv -f "$new" "$2"' sh "$1" "$2" "$3" || die "could not write $2 (is the disk full?)"
}
# The same where it differs; remembers that something changed.
put_if_new() {
  if as_root cmp -s "$1" "$2"; then return; fi
  put "$1" "$2" "$3"
  say "wrote $2"
  changed=true
}

install_executable() {
  if [ "$skip_download" = true ]; then
    [ -x "$executable" ] || die "$executable is not there, and INSTALL_SKERRY_SKIP_DOWNLOAD was given"
    return
  fi
  find_release
  if [ -f "$executable" ] && [ "$(sum_of "$executable")" = "$wanted" ]; then
    say "$executable is version ${version:-?} already"
  else
    say "fetching Skerry ${version:-} for $arch from $release"
    as_root mkdir -p "$bin_dir" || die "could not make $bin_dir"
    # Into the folder where it goes: what fits there also fits there in the end, and a rename puts it in place.
    incoming=$(as_root mktemp "$bin_dir/.skerry-XXXXXX") || die "could not write to $bin_dir (is the disk full?)"
    as_root chown "$(id -u)" "$incoming"
    fetch "$release/skerry-linux-$arch" "$incoming"
    got=$(sum_of "$incoming")
    [ "$got" = "$wanted" ] || die "$release/skerry-linux-$arch is not what SHA256SUMS says (SHA-256 $got instead of $wanted): refused, nothing was changed"
    as_root chown 0:0 "$incoming"
    as_root chmod 755 "$incoming"
    "$incoming" version >/dev/null 2>&1 || die "the executable for $arch does not run on this machine; nothing was changed"
    # On the disk before it has its name: a power cut must not leave half of it there.
    sync "$incoming" 2>/dev/null || sync
    as_root mv -f "$incoming" "$executable"
    incoming=''
    say "installed $executable"
    changed=true
  fi
  install_images
}

# An air-gap archive has images beside the executable.
install_images() {
  images=$(awk '{n = $2; sub(/^\*/, "", n); if (n ~ /^images\/[A-Za-z0-9._+-]+$/) print n}' "$work/SHA256SUMS")
  [ -n "$images" ] || return 0
  case $release in /*) from=$release ;; file://*) from=${release#file://} ;; *) return 0 ;; esac
  data_dir=${SKERRY_DATA_DIR:-/var/lib/skerry}
  for image in $images; do
    [ -f "$from/$image" ] || continue
    [ "$(sum_of "$from/$image")" = "$(sum_for "$image")" ] || die "$from/$image is not what SHA256SUMS says: refused"
    if as_root cmp -s "$from/$image" "$data_dir/agent/$image"; then continue; fi
    as_root sh -c 'umask 077; mkdir -p "$1"' sh "$data_dir/agent/images"
    put "$from/$image" "$data_dir/agent/$image" 644
    say "copied ${image#images/} to $data_dir/agent/images"
  done
}

# ---- what is written -------------------------------------------------------------------------------------------------

link_kubectl() {
  [ "$bin_read_only" != true ] || return 0
  link=$bin_dir/kubectl
  case $symlink in
    skip) return 0 ;;
    force) ;;
    *)
      [ ! -e "$link" ] || return 0
      if have kubectl; then
        say "there is a kubectl already ($(command -v kubectl)); not linking ours"
        return 0
      fi
      ;;
  esac
  [ "$(readlink "$link" 2>/dev/null || true)" != skerry ] || return 0
  [ ! -d "$link" ] || [ -L "$link" ] || die "$link is a folder"
  as_root ln -sf skerry "$link"
  say "linked $link to skerry"
}

write_scripts() {
  [ "$bin_read_only" != true ] || return 0
  cat >"$work/script" <<TEXT
#!/bin/sh
# $mark. Stops Skerry and every pod of this machine; what is on disk stays.
[ "\$(id -u)" = 0 ] || exec sudo "$executable" killall
exec "$executable" killall
TEXT
  before=$changed
  put_if_new "$work/script" "$bin_dir/skerry-killall.sh" 755
  cat >"$work/script" <<TEXT
#!/bin/sh
# $mark. Stops the service $name and its pods, and removes it with all its data.
[ "\$(id -u)" = 0 ] || exec sudo "$executable" uninstall --service $name
exec "$executable" uninstall --service $name
TEXT
  put_if_new "$work/script" "$bin_dir/$name-uninstall.sh" 755
  changed=$before # they do not concern what runs
}

write_config() {
  if as_root test -e /etc/skerry/config.yaml; then return; fi
  cat >"$work/config.yaml" <<TEXT
# Settings of Skerry. $mark, which leaves this file alone from now on.
#
# Each flag of \`skerry server\` and \`skerry agent\` is a setting, named as the flag is; \`skerry server --help\` lists them.
# Files config.yaml.d/*.yaml beside this one are read too. After a change: restart the service; pods run on.
#
# node-label:
#   - site=harbour
# tls-san:
#   - skerry.example.org
# node-ip: 192.0.2.10
TEXT
  put "$work/config.yaml" /etc/skerry/config.yaml 600
  say "wrote /etc/skerry/config.yaml"
}

write_environment() {
  env_file=/etc/skerry/$name.env
  printf '# %s.\n' "$mark" >"$work/env"
  for variable in $(setting_names) $(proxy_names); do
    eval "value=\${$variable-}"
    [ -n "$value" ] || continue
    printf '%s="%s"\n' "$variable" "$(double_quoted "$value")" >>"$work/env"
  done
  put_if_new "$work/env" "$env_file" 600
}

write_unit() {
  case $role in
    server) title="Skerry: a Kubernetes for the edge (server)" ;;
    *) title="Skerry: a Kubernetes for the edge (agent)" ;;
  esac
  cat >"$work/unit" <<TEXT
# $mark, which replaces it when it is run again. Changes belong into \`systemctl edit $name\`.
[Unit]
Description=$title
Wants=network-online.target
After=network-online.target

[Service]
# Ready means: the API answers and this node is registered.
Type=${INSTALL_SKERRY_TYPE:-notify}
EnvironmentFile=-/etc/skerry/$name.env
ExecStart=$executable $role$unit_args
# Pods are no part of the service: stopping, restarting and upgrading it leaves them running.
KillMode=process
Delegate=yes
Restart=always
RestartSec=5s
# The first start may have many images to import.
TimeoutStartSec=0
TimeoutStopSec=60s
LimitNOFILE=1048576
LimitNPROC=infinity
TasksMax=infinity

[Install]
WantedBy=multi-user.target
TEXT
  put_if_new "$work/unit" "$systemd_dir/$name.service" 644
}

write_openrc() {
  cat >"$work/unit" <<TEXT
#!/sbin/openrc-run
# $mark, which replaces it when it is run again.

description="Skerry: a Kubernetes for the edge ($role)"
supervisor=supervise-daemon
command="$executable"
command_args="$(double_quoted "$role$shell_args")"
environment_file="/etc/skerry/$name.env"
pidfile="/run/$name.pid"
output_log="/var/log/$name.log"
error_log="/var/log/$name.log"
# Pods are no part of the service: stopping, restarting and upgrading it leaves them running.
retry="TERM/60/KILL/5"
respawn_delay=5
respawn_max=0
rc_ulimit="-n 1048576 -u unlimited"

depend() {
	after network-online
	use dns logger firewall
	want cgroups
}

set -a
[ ! -r "\$environment_file" ] || . "\$environment_file"
set +a
TEXT
  put_if_new "$work/unit" "/etc/init.d/$name" 755
  if [ -d /etc/logrotate.d ]; then
    cat >"$work/logrotate" <<TEXT
# $mark.
/var/log/$name.log {
	size 10M
	rotate 3
	missingok
	notifempty
	copytruncate
}
TEXT
    before=$changed
    put_if_new "$work/logrotate" "/etc/logrotate.d/$name" 644
    changed=$before
  fi
}

write_service() {
  if [ "$keep" != true ] && [ "$manager" != none ]; then
    write_environment
    case $manager in
      systemd) write_unit ;;
      openrc) write_openrc ;;
    esac
  fi
}

# ---- running it ------------------------------------------------------------------------------------------------------

enable_service() {
  case $manager in
    systemd)
      ! [ -d /run/systemd/system ] || as_root systemctl daemon-reload || die "systemctl daemon-reload failed"
      as_root systemctl enable -q "$name.service" || die "could not enable the service $name"
      ;;
    openrc)
      as_root rc-update -q add "$name" default || die "could not enable the service $name"
      ;;
  esac
}

is_running() {
  case $manager in
    systemd) as_root systemctl -q is-active "$name.service" ;;
    openrc) as_root rc-service -q "$name" status >/dev/null 2>&1 ;;
  esac
}

start_service() {
  case $manager in
    # Stopped first: who waits must not take the old process for the new one. How it starts, the waiting tells.
    systemd) as_root systemctl stop "$name.service" && as_root systemctl start --no-block "$name.service" ;;
    openrc) as_root rc-service "$name" restart >"$work/start.log" 2>&1 || { cat "$work/start.log" >&2; return 1; } ;;
  esac
}

log_advice() {
  case $manager in
    systemd) printf '%s' "journalctl -u $name" ;;
    *) printf '%s' "/var/log/$name.log" ;;
  esac
}
show_log() {
  printf '%s\n' "---- the end of its log:" >&2
  case $manager in
    systemd) as_root journalctl -u "$name" -n 15 --no-pager -o cat >&2 2>/dev/null || true ;;
    *) as_root tail -n 15 "/var/log/$name.log" >&2 2>/dev/null || true ;;
  esac
  printf '%s\n' "----" >&2
}

# Has its manager seen it end since it was started?
has_failed() {
  case $manager in
    systemd)
      case $(as_root systemctl show -p SubState -p NRestarts "$name.service") in
        *SubState=auto-restart* | *SubState=failed* | *NRestarts=[1-9]*) true ;;
        *) false ;;
      esac
      ;;
    *) false ;;
  esac
}

wait_until_ready() {
  [ "$timeout" != 0 ] || return 0
  if [ "$role" = agent ]; then say "waiting until the server has this node and it is Ready"; else say "waiting until it is Ready"; fi
  left=$timeout absent=0
  while [ "$left" -gt 0 ]; do
    slice=1
    status=0
    as_root "$executable" ready --service "$name" --timeout "$slice" >"$work/ready" 2>&1 || status=$?
    case $status in
      0)
        say "$(cat "$work/ready")"
        return 0
        ;;
      1) ;;
      3) # it does not run: not yet, or not any more
        absent=$((absent + 1))
        if grep -q 'has ended' "$work/ready" || has_failed || [ "$absent" -ge 15 ]; then break; fi
        ;;
      *) break ;;
    esac
    left=$((left - slice))
  done
  show_log
  die "the service $name was started but: $(sed 's/^skerry ready: //' "$work/ready" | head -n 3). Its whole log: $(log_advice)"
}

run_service() {
  if [ "$manager" = none ] || [ "$skip_enable" = true ]; then
    say "not enabled; run: $executable $role$shell_args"
    return 0
  fi
  enable_service
  if [ "$skip_start" = true ]; then
    say "not started; it starts with the machine"
    return 0
  fi
  # What an earlier call changed and did not start (it may have been cut short) counts, too.
  if [ "$changed" != true ] && [ "${INSTALL_SKERRY_FORCE_RESTART:-}" != true ] && is_running &&
    as_root "$executable" ready --service "$name" --current >/dev/null 2>&1; then
    say "nothing changed; the service $name runs on"
    return 0
  fi
  say "starting the service $name"
  start_service || { show_log; die "the service $name could not be started. Its whole log: $(log_advice)"; }
  wait_until_ready
  if [ "$name" = skerry ]; then say "done. Try, as root: skerry kubectl get nodes"; else say "done"; fi
}

clean_up() {
  [ -z "${incoming:-}" ] || as_root rm -f "$incoming"
  [ -z "${work:-}" ] || rm -rf "$work"
}

# What a kept service runs: only what the messages need.
read_kept() {
  file=$(service_file "$name")
  if grep -q '^\(ExecStart=[^ ]* \|command_args="\)agent' "$file"; then role=agent; else role=server; fi
  kept=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p; s/^command="\(.*\)"$/\1/p' "$file")
  if [ -z "${INSTALL_SKERRY_BIN_DIR:-}" ] && [ -n "$kept" ]; then INSTALL_SKERRY_BIN_DIR=${kept%/*}; fi
}

main() {
  [ "$(uname -s)" = Linux ] || die "Skerry runs on Linux only"
  if [ "$(id -u)" != 0 ] && ! have sudo; then die "this needs root; run it as root, or install sudo"; fi
  skip_download=${INSTALL_SKERRY_SKIP_DOWNLOAD:-} skip_enable='' skip_start=''
  [ "${INSTALL_SKERRY_SKIP_ENABLE:-}" != true ] || skip_enable=true
  [ "${INSTALL_SKERRY_SKIP_START:-}" != true ] || skip_start=true
  bin_read_only=${INSTALL_SKERRY_BIN_DIR_READ_ONLY:-} symlink=${INSTALL_SKERRY_SYMLINK:-} timeout=${INSTALL_SKERRY_TIMEOUT:-180}
  [ "$bin_read_only" != true ] || skip_download=true
  [ "$skip_download" != binary ] || skip_download=true
  case $timeout in *[!0-9]* | '') die "INSTALL_SKERRY_TIMEOUT: \"$timeout\" is no number of seconds" ;; esac
  changed=false incoming=''
  check_switches
  find_arch
  find_manager
  # The words of INSTALL_SKERRY_EXEC come first, quoted as on a command line.
  if [ -n "${INSTALL_SKERRY_EXEC:-}" ]; then
    quoted=''
    for word; do quoted="$quoted $(shell_word "$word")"; done
    eval "set -- $INSTALL_SKERRY_EXEC $quoted"
  fi
  read_words "$@"
  find_name "$@"
  [ "$keep" != true ] || read_kept
  if [ "$keep" != true ] && [ "$role" = agent ] && [ -z "${SKERRY_URL:-}" ]; then
    case " $shell_args " in *" --server"* | *" -s"*) ;; *) warn "an agent needs SKERRY_URL (or --server, or server: in /etc/skerry/config.yaml)" ;; esac
  fi
  work=$(mktemp -d) || die "cannot make a temporary folder"
  trap clean_up EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  find_bin_dir
  install_executable
  link_kubectl
  write_scripts
  write_config
  write_service
  run_service
}

# In braces: no part of this line is a command.
{ main "$@"; }
