#!/bin/sh
# The notices of everything that is part of the executable: collect.sh THIRD_PARTY_DIR [SYSROOT]. Read by
# `skerry version --licenses`. Linked libraries are named by the Debian package that holds their static form; SYSROOT
# holds those of another machine.
set -e
version() {
  if [ -n "$sysroot" ] && grep "^$1 " "$sysroot/packages"; then return; fi
  dpkg-query -W -f='${Package} ${Version}\n' "$1"
}
sysroot=$2
section() { printf '%s\n%s\n%s\n\n' "$rule" "$1" "$rule"; }
rule=================================================================================
section "Skerry (Apache License 2.0)"
cat LICENSE
echo
section "crun, embedded as a separate program (GPL 2 or later, LGPL 2.1 or later); version and source: Debian's source package crun, $(cat "$1/lib/crun.version" | cut -d' ' -f1)"
cat "$1/lib/crun.license"
echo
section "cpp-httplib"
cat "$1/lib/httplib.license"
echo
section "curl"
cat "$1/lib/curl.license"
echo
for package in libc6-dev libstdc++-12-dev libsqlite3-dev libssl-dev libyaml-cpp-dev libbpf-dev libelf-dev \
  libseccomp-dev libcap-dev libarchive-dev libnl-3-dev libnl-route-3-dev libzstd-dev zlib1g-dev nlohmann-json3-dev; do
  section "$(version $package)"
  cat "$sysroot/usr/share/doc/$package/copyright" 2>/dev/null || cat "/usr/share/doc/$package/copyright"
  echo
done
for licence in GPL-2 GPL-3 LGPL-2.1 LGPL-3; do
  section "The text of $licence, referred to above"
  cat "/usr/share/common-licenses/$licence"
done
