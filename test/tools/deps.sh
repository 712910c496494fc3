#!/bin/bash
# Installs what the build and the tests need, all of it from Debian. Quick when everything is there.
build=(g++ make ccache mold clang llvm lld tcl libclang-rt-14-dev python3 python3-yaml pkg-config
  libtool automake autoconf dpkg-dev zstd xz-utils git ca-certificates util-linux
  libsqlite3-dev libssl-dev libyaml-cpp-dev libbpf-dev libelf-dev libseccomp-dev libcap-dev libarchive-dev
  libnl-3-dev libnl-route-3-dev libzstd-dev zlib1g-dev nlohmann-json3-dev doctest-dev linux-libc-dev)
lint=(clang-tidy clang-format)
tests=(busybox-static curl jq openssl iproute2 libc-bin shellcheck dash nftables bpftool procps)
# `deps.sh dist`: also what cross-compiling a release for every architecture takes.
dist=()
if [ "${1:-}" = dist ]; then
  for arch in amd64:x86-64-linux-gnu arm64:aarch64-linux-gnu armhf:arm-linux-gnueabihf; do
    [ "${arch%%:*}" = "$(dpkg --print-architecture)" ] || dist+=("g++-${arch#*:}")
  done
fi
missing=$(dpkg-query -W -f='${Package} ${Status}\n' "${build[@]}" "${lint[@]}" "${tests[@]}" "${dist[@]}" 2>/dev/null |
  awk '/ok installed/ {print $1}' | sort -u |
  comm -13 - <(printf '%s\n' "${build[@]}" "${lint[@]}" "${tests[@]}" "${dist[@]}" | sort -u))
[ -n "$missing" ] || exit 0
echo "installing:" $missing
[ "$(id -u)" = 0 ] || { echo "make deps must be run as root" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update || echo "apt-get update was incomplete, going on" >&2
apt-get -qq install -y --no-install-recommends $missing
