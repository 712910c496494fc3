# Sourced by the build scripts beside it: `fetch_source PACKAGE VERSION SUITE DIR` unpacks Debian's source
# package into DIR (which then holds the source tree as DIR/src).
#
# The host's apt configuration is left alone: mirrors and keys are read from it, and a private apt state below
# $TP/apt gets `deb-src` entries. A suite the host does not name (trixie, for crun) uses the same mirror.

set -Eeuo pipefail
unset MAKEFLAGS MAKELEVEL MFLAGS # these builds have their own job count
SCRIPT=$(realpath "$0")
TP=$(realpath -m "$1")
# Set when building for another machine (see the Makefile): its triple, as in aarch64-linux-gnu, the packages
# of that machine (sysroot.sh), and where the native builds keep what does not depend on the machine.
TRIPLE=${SKERRY_TRIPLE:-}
SYSROOT=$TP/sysroot
SHARED=$(realpath -m "${SKERRY_SHARED_DIR:-$TP}")
mkdir -p "$TP/include" "$TP/lib" "$TP/bin" "$TP/work" "$SHARED/apt"

# One builder at a time, whoever started it: the tree is shared by all build roots and variants.
exec 9>"$SHARED/.lock"
flock 9

# For configure: the machine, its headers and libraries; no option when building for this one. ARCH_CFLAGS and
# ARCH_LDFLAGS belong among CFLAGS and LDFLAGS. Building in different places gives the same bytes.
CONFIGURE_FLAGS=()
ARCH_CFLAGS="-ffile-prefix-map=$TP=." ARCH_LDFLAGS=
if [ -n "$TRIPLE" ]; then
  CONFIGURE_FLAGS=(--host="$TRIPLE" PKG_CONFIG_LIBDIR="$SYSROOT/usr/lib/$TRIPLE/pkgconfig")
  ARCH_CFLAGS+=" -isystem $SYSROOT/usr/include/$TRIPLE -isystem $SYSROOT/usr/include"
  # Two dashes: libtool takes -static for itself, and shared libraries are not there.
  ARCH_LDFLAGS="--static -B$SYSROOT/usr/lib/$TRIPLE -L$SYSROOT/usr/lib/$TRIPLE"
fi
case $TRIPLE$(uname -m) in arm-*|armv*) ARCH_CFLAGS+=" -D_FILE_OFFSET_BITS=64" ;; esac

# The URI of the Debian mirror the host itself uses (not the security one).
debian_mirror() {
  apt-get indextargets --format '$(SITE) $(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
    awk '$3 == "Debian" && $4 == "Debian" {print $2; exit}' | grep . && return
  # Nothing downloaded yet: read the configuration as it is written.
  { cat /etc/apt/sources.list.d/*.sources 2>/dev/null | sed -n 's/^URIs: *\([^ ]*\).*/\1/p'
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
      sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p'; } | grep '/debian/\?$' | head -1
}

# Private apt state for a suite; the options that select it become APT.
apt_for() { # SUITE [ARCHITECTURE]
  local suite=$1 arch=${2:-} dir=$SHARED/apt/$1${2:+-$2} mirror
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || { echo "no Debian mirror found in /etc/apt" >&2; return 1; }
  mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
  local sign=
  [ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ] ||
    sign="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
  {
    for kind in deb $([ -n "$arch" ] || echo deb-src); do
      echo "$kind $sign$mirror $suite main"
      # Security updates replace the package of a stable suite and are served beside the main archive.
      case $suite in bookworm | trixie)
        echo "$kind $sign${mirror%/}-security $suite-security main"
        echo "$kind $sign$mirror $suite-updates main" ;;
      esac
    done
  } >"$dir/sources.list"
  APT=(-qq -oDir::State::Lists="$dir/lists" -oDir::Etc::SourceList="$dir/sources.list"
    -oDir::Etc::SourceParts=/dev/null -oDir::Cache="$dir/cache" -oAPT::Sandbox::User=root
    -oAcquire::Languages=none -oAcquire::Retries=3)
  # Another machine's packages: for this state it is the only architecture, and nothing is installed.
  [ -z "$arch" ] || APT+=(-oAPT::Architecture="$arch" -oAPT::Architectures="$arch" -oDir::State::Status=/dev/null)
  if [ ! -e "$dir/updated" ] || [ -n "$(find "$dir/updated" -mmin +1440)" ]; then
    apt-get "${APT[@]}" update >&2 || echo "apt-get update ($suite) was incomplete, going on" >&2
    touch "$dir/updated"
  fi
}

fetch_source() { # PACKAGE VERSION SUITE DIR
  local package=$1 version=$2 suite=$3 dir=$4
  rm -rf "$dir"
  mkdir -p "$dir"
  apt_for "$suite"
  (cd "$dir" && apt-get "${APT[@]}" source --only-source "$package=$version" >fetch.log 2>&1) || {
    cat "$dir/fetch.log" >&2
    echo "Debian's source package $package $version could not be fetched ($suite)" >&2
    return 1
  }
  mv "$(find "$dir" -mindepth 1 -maxdepth 1 -type d)" "$dir/src"
}

# From here on all output goes to FILE; its end is shown if the script fails.
log_to() { # FILE
  BUILD_LOG=$1
  exec 3>&2 >"$BUILD_LOG" 2>&1
  trap 'tail -30 "$BUILD_LOG" >&3' ERR
}

# A part is built again when its version or its script changes.
stamp() { echo "$VERSION $(sha256sum <"$SCRIPT" | cut -c1-16)"; }
exit_if_built() { # NAME FILE...
  local name=$1 f
  shift
  [ "$(cat "$TP/lib/$name.version" 2>/dev/null)" = "$(stamp)" ] || return 0
  for f; do [ -e "$TP/$f" ] || return 0; done
  for f; do touch "$TP/$f"; done
  exit 0
}

# Upstream's tarball as Debian's archive holds it, checked against SHA256; for a version of another suite.
fetch_orig() { # POOL_PATH SHA256 DIR
  local dir=$3 mirror
  mirror=$(debian_mirror)
  rm -rf "$dir"
  mkdir -p "$dir/src"
  /usr/lib/apt/apt-helper -oAPT::Sandbox::User=root download-file \
    "${mirror%/}/$1" "$dir/orig.tar" "SHA256:$2" >"$dir/fetch.log" 2>&1 || {
    cat "$dir/fetch.log" >&2
    return 1
  }
  tar -xf "$dir/orig.tar" -C "$dir/src" --strip-components=1
}
