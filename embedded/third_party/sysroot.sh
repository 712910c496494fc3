#!/bin/bash
# Headers and static libraries of another machine, for cross-compiling: Debian packages of ARCH are downloaded and
# unpacked into DIR/sysroot. They are never installed, and the host's dpkg and apt know nothing of that architecture.
#   sysroot.sh DIR ARCH
. "$(dirname "$0")/source.sh"
arch=$2
SUITE=$(. /etc/os-release && echo "$VERSION_CODENAME") # as the cross compilers, whose libstdc++ goes with this libc
PACKAGES=(libc6-dev linux-libc-dev libsqlite3-dev libssl-dev libyaml-cpp-dev libbpf-dev libelf-dev libseccomp-dev
  libcap-dev libarchive-dev libnl-3-dev libnl-route-3-dev libzstd-dev zlib1g-dev nlohmann-json3-dev doctest-dev)
VERSION="$SUITE ${PACKAGES[*]}"
exit_if_built sysroot sysroot/.made
apt_for "$SUITE" "$arch"
rm -rf "$SYSROOT" "$TP/work/deb"
mkdir -p "$SYSROOT" "$TP/work/deb"
cd "$TP/work/deb"
log_to "$TP/work/sysroot.log"
apt-get "${APT[@]}" download "${PACKAGES[@]}"
for package in *.deb; do
  dpkg -x "$package" "$SYSROOT"
  dpkg-deb -W --showformat='${Package} ${Version}\n' "$package" >>"$TP/work/packages"
done
mv "$TP/work/packages" "$SYSROOT/packages"
cd "$TP"
rm -rf "$TP/work/deb"
touch "$SYSROOT/.made"
stamp >"$TP/lib/sysroot.version"
