#!/bin/bash
# Programs that only the tests need, unpacked from Debian packages into DIR/bin without being installed (a kubectl
# may be there already): kubectl-1.20 (SPDY), kubectl-1.32 and kubectl-1.36 (WebSocket), docker-registry.
#   fetch_tools.sh DIR [THIRD_PARTY_DIR]
# With a third word, `qemu`: the user-mode emulators of the other architectures instead.
out=$(realpath -m "${1:-build/test-tools}") what=${3:-}
set -- "$(realpath -m "${2:-build/third_party}")"
. "$(dirname "$0")/../../embedded/third_party/source.sh"
mkdir -p "$out/bin" "$out/deb"

fetch() { # SUITE PACKAGE PATH_IN_PACKAGE NAME [PATH NAME]...
  local suite=$1 package=$2 dir=$out/deb/$2
  [ ! -x "$out/bin/$4" ] || return 0
  shift 2
  apt_for "$suite"
  rm -rf "$dir"
  mkdir -p "$dir"
  (cd "$dir" && apt-get "${APT[@]}" download "$package" >fetch.log 2>&1) || {
    cat "$dir/fetch.log" >&2
    echo "could not download $package ($suite)" >&2
    return 1
  }
  dpkg -x "$dir"/*.deb "$dir/root"
  while [ $# -gt 0 ]; do
    install -m 755 "$dir/root/$1" "$out/bin/.$2"
    mv "$out/bin/.$2" "$out/bin/$2"
    shift 2
  done
  rm -rf "$dir"
}
failed=0
if [ "$what" = qemu ]; then
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  files=()
  for program in x86_64 aarch64 arm; do files+=("usr/bin/qemu-$program-static" "qemu-$program-static"); done
  fetch "$suite" qemu-user-static "${files[@]}"
  exit
fi
fetch bookworm kubernetes-client/bookworm usr/bin/kubectl kubectl-1.20 || failed=1
fetch trixie kubectl/trixie usr/bin/kubectl kubectl-1.32 || failed=1
# sid moves on: without it the tests that compare with the newest kubectl are skipped.
fetch sid kubectl/sid usr/bin/kubectl kubectl-1.36 || echo "going on without kubectl-1.36" >&2
fetch bookworm docker-registry/bookworm usr/bin/docker-registry docker-registry || failed=1
[ ! -x "$out/bin/kubectl-1.32" ] || ln -sf kubectl-1.32 "$out/bin/kubectl"
rmdir "$out/deb" 2>/dev/null || true
exit $failed
