#!/bin/bash
# crun, the OCI runtime that Skerry embeds and runs as a separate program: static, needing nothing on the host.
. "$(dirname "$0")/source.sh"
VERSION=1.8.1-1+deb12u1
exit_if_built crun bin/crun
dir=$TP/work/crun
fetch_source crun "$VERSION" bookworm "$dir"
cd "$dir/src"
log_to "$dir/build.log"
[ -x configure ] || ./autogen.sh
./configure --disable-systemd --enable-embedded-yajl --enable-static --enable-shared=no --disable-criu \
  --disable-dl CFLAGS="-Os -g0 -fno-pie -ffunction-sections -fdata-sections" LDFLAGS="-static -no-pie -Wl,--gc-sections"
make -j"$(nproc)" generate-signals.c generate-mount_flags.c || true
make -j"$(nproc)" crun LDFLAGS="-all-static -no-pie -Wl,--gc-sections"
strip crun
./crun --version
cp COPYING "$TP/lib/crun.license"
install -m 755 crun "$TP/bin/crun.new"
mv "$TP/bin/crun.new" "$TP/bin/crun"
stamp >"$TP/lib/crun.version"
rm -rf "$dir"
