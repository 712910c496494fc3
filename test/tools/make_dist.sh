#!/bin/bash
# Writes a release into DIR from executables that are built:
#   make_dist.sh DIR ARCH=EXECUTABLE=NOTICES.zst...
# The same commit and packages give the same bytes: no times but the commit's, no names or paths of the machine.
# RELEASE_URL, if set, becomes the place where that install.sh looks for releases.
set -Eeuo pipefail
export LC_ALL=C TZ=UTC
umask 022
dir=$1
shift
limit=15000000 # bytes: an executable's promise
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
commit=$(git rev-parse HEAD)
version=v$(sed -n 's/^SKERRY_VERSION ?= //p' embedded/version/rules.mk)
if [ -n "$(git status --porcelain --untracked-files=no)" ]; then
  version=$version-dirty
  echo "make dist: there are changes that are not committed; this is $version, nothing to publish" >&2
fi
die() { echo "make dist: $*" >&2; exit 1; }
sums() { # of all files below here, as `sha256sum -c` reads them
  find . -type f ! -name 'SHA256SUMS*' -printf '%P\n' | sort | xargs sha256sum >SHA256SUMS.new
  mv SHA256SUMS.new SHA256SUMS
}

new=$dir.new
rm -rf "$new"
mkdir -p "$new"
echo "$version" >"$new/version"
[ -z "${RELEASE_URL:-}" ] || [[ $RELEASE_URL =~ ^https?://[A-Za-z0-9._~:/%@+-]+$ ]] || die "RELEASE_URL: \"$RELEASE_URL\" is no address"
sed "s|^default_release_url=\"\"|default_release_url=\"${RELEASE_URL:-}\"|" install.sh >"$new/install.sh"
chmod 755 "$new/install.sh"

for part; do
  IFS='=' read -r arch executable notices <<<"$part"
  name=skerry-linux-$arch
  # The link to the debug file holds a checksum of paths.
  case $arch in amd64) tool=x86_64-linux-gnu- ;; arm64) tool=aarch64-linux-gnu- ;; armhf) tool=arm-linux-gnueabihf- ;; esac
  "${tool}objcopy" --remove-section=.gnu_debuglink "$executable" "$new/$name"
  chmod 755 "$new/$name"
  grep -qaF "$commit" "$new/$name" || die "$executable is not of commit $commit"
  size=$(stat -c %s "$new/$name")
  [ "$size" -le $limit ] || die "$name has $size bytes, more than $limit"

  # An air-gap archive: all that a machine without network needs. Skerry runs pods without a pause image and brings DNS,
  # service proxy and network itself, so images/ is for the images of those who use it.
  top=skerry-airgap-$arch
  mkdir -p "$new/work/$top/images"
  cp -p "$new/$name" "$new/install.sh" "$new/version" LICENSE "$new/work/$top/"
  zstd -q -d -c "$notices" >"$new/work/$top/NOTICES"
  cat >"$new/work/$top/README" <<END
Skerry $version for linux/$arch, for machines without network.

  ./install.sh          as root: a server with a node. With SKERRY_URL and SKERRY_TOKEN: a node of that server.

Skerry needs no images for itself: images/ is empty. Put archives of the images that your pods need there (docker save
or OCI, plain, .gz or .zst), and write their checksums beside the others before installing:

  sha256sum images/* >>SHA256SUMS

or copy them into /var/lib/skerry/agent/images at any time. NOTICES holds the licences of what is inside.
END
  (cd "$new/work/$top" && sums)
  tar -C "$new/work" --sort=name --format=ustar --owner=0 --group=0 --numeric-owner --mode=go-w --mtime="@$SOURCE_DATE_EPOCH" \
    -cf - "$top" | gzip -n -9 >"$new/$top.tar.gz"
  rm -rf "$new/work"
  printf '  DIST  %-20s %9d bytes\n' "$name" "$size"
done
(cd "$new" && sums)
find "$new" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
rm -rf "$dir"
mv "$new" "$dir"
