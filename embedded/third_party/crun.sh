#!/bin/bash
# crun, the OCI runtime that Skerry embeds and runs as a separate program: static, needing nothing on the host.
. "$(dirname "$0")/source.sh"
VERSION=1.21 # the version of trixie; bookworm's own stands in where a mirror has lost it
exit_if_built crun bin/crun
dir=$TP/work/crun
fetch_orig pool/main/c/crun/crun_1.21.orig.tar.gz \
  4bfb700e764a4804a4de3ecf07753f4c391005356d60356df65d80ae0914c486 "$dir" ||
  fetch_source crun 1.8.1-1+deb12u1 bookworm "$dir"
cd "$dir/src"
log_to "$dir/build.log"
[ -x configure ] || ./autogen.sh
./configure "${CONFIGURE_FLAGS[@]}" --disable-systemd --enable-embedded-yajl --enable-static --enable-shared=no --disable-criu \
  --disable-dl CFLAGS="-Os -g0 -fno-pie -ffunction-sections -fdata-sections $ARCH_CFLAGS" LDFLAGS="-static -no-pie -Wl,--gc-sections $ARCH_LDFLAGS"
# The tarball's marker is missing in Debian's archive; without it the header is not made.
printf '#ifndef GIT_VERSION\n# define GIT_VERSION "%s"\n#endif\n' "$VERSION" >.tarball-git-version.h
make .version git-version.h
make -C libocispec -j"$(nproc)" yajl/libyajl.la libocispec.la || make -C libocispec -j"$(nproc)"
make -j"$(nproc)" crun LDFLAGS="-all-static -no-pie -Wl,--gc-sections $ARCH_LDFLAGS"
${TRIPLE:+$TRIPLE-}strip crun
[ -n "$TRIPLE" ] || ./crun --version
cp COPYING "$TP/lib/crun.license"
install -m 755 crun "$TP/bin/crun.new"
mv "$TP/bin/crun.new" "$TP/bin/crun"
stamp >"$TP/lib/crun.version"
rm -rf "$dir"
