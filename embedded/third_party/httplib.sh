#!/bin/bash
# cpp-httplib as header and source. Debian's package ships only a shared library; upstream's single header is
# split here so that its 8500 lines are compiled once.
. "$(dirname "$0")/source.sh"
VERSION=0.11.4+ds-1+deb12u1
exit_if_built httplib lib/httplib.cc include/httplib.h
dir=$TP/work/httplib
fetch_source cpp-httplib "$VERSION" bookworm "$dir"
python3 "$dir/src/split.py" -o "$dir/out" >"$dir/split.log"
cp "$dir/src/LICENSE" "$TP/lib/httplib.license"
install -m 644 "$dir/out/httplib.h" "$TP/include/httplib.h"
install -m 644 "$dir/out/httplib.cc" "$TP/lib/httplib.cc"
stamp >"$TP/lib/httplib.version"
rm -rf "$dir"
