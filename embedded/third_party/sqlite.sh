#!/bin/bash
# SQLite without what Skerry never asks for: full text search, R-trees, sessions, JSON, mathematical functions (libm has
# each once per kind of processor). The version is that of the libsqlite3-dev whose header is used; needs tclsh.
. "$(dirname "$0")/source.sh"
version_of() {
  if [ -n "$TRIPLE" ]; then sed -n 's/^libsqlite3-dev //p' "$SYSROOT/packages"; else dpkg-query -W -f='${Version}' libsqlite3-dev; fi
}
VERSION=$(version_of | sed 's/+b[0-9]*$//')
SUITE=$(. /etc/os-release && echo "$VERSION_CODENAME")
exit_if_built sqlite lib/libsqlite3.a
dir=$TP/work/sqlite
fetch_source sqlite3 "$VERSION" "$SUITE" "$dir"
cd "$dir/src"
log_to "$dir/build.log"
# The one file that is compiled is the same for every machine; the tools that make it run on this one.
./configure --disable-tcl --disable-readline --disable-shared
make sqlite3.c
# As Debian has it: THREADSAFE, SECURE_DELETE, LIKE_DOESNT_MATCH_BLOBS, USE_URI, HAVE_ISNAN.
${TRIPLE:+$TRIPLE-}gcc -O2 -g0 -fno-pie -ffunction-sections -fdata-sections -fno-unwind-tables -fno-asynchronous-unwind-tables \
  $ARCH_CFLAGS -DSQLITE_THREADSAFE=1 -DSQLITE_SECURE_DELETE -DSQLITE_LIKE_DOESNT_MATCH_BLOBS -DSQLITE_USE_URI -DHAVE_ISNAN \
  -DHAVE_USLEEP=1 -DHAVE_FDATASYNC=1 -DHAVE_GMTIME_R=1 -DHAVE_LOCALTIME_R=1 -DHAVE_STRCHRNUL=1 -DHAVE_PREAD64=1 -DHAVE_PWRITE64=1 \
  -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_DEPRECATED -DSQLITE_OMIT_JSON -DSQLITE_OMIT_SHARED_CACHE -DSQLITE_OMIT_TCL_VARIABLE \
  -c sqlite3.c -o sqlite3.o
${TRIPLE:+$TRIPLE-}ar rcsD libsqlite3.new sqlite3.o
mv libsqlite3.new "$TP/lib/libsqlite3.a"
stamp >"$TP/lib/sqlite.version"
rm -rf "$dir"
