#!/bin/bash
# A static libcurl with OpenSSL and zlib only: Debian's libcurl.a needs libraries that have no static form.
. "$(dirname "$0")/source.sh"
VERSION=7.88.1-10+deb12u15
exit_if_built curl lib/libcurl.a include/curl/curl.h
dir=$TP/work/curl
fetch_source curl "$VERSION" bookworm "$dir"
mkdir -p "$dir/build"
cd "$dir/build"
log_to "$dir/build.log"
../src/configure "${CONFIGURE_FLAGS[@]}" --prefix="$dir/stage" --disable-shared --enable-static --with-openssl --with-zlib \
  --without-{brotli,zstd,libpsl,libidn2,librtmp,libssh2,nghttp2,gssapi} \
  --disable-{ldap,ldaps,rtsp,dict,telnet,tftp,pop3,imap,smb,smtp,gopher,mqtt,ftp,file,manual} \
  --disable-{ntlm,ntlm-wb,tls-srp,alt-svc,hsts,libcurl-option} \
  --enable-threaded-resolver --with-ca-bundle=/etc/ssl/certs/ca-certificates.crt \
  CFLAGS="-Os -g0 -fno-pie -ffunction-sections -fdata-sections $ARCH_CFLAGS" LDFLAGS="-no-pie $ARCH_LDFLAGS"
make -C lib -j"$(nproc)"
make -C lib install
make -C include install
mkdir -p "$TP/include/curl"
install -m 644 "$dir"/stage/include/curl/*.h "$TP/include/curl/"
install -m 644 "$dir/src/COPYING" "$TP/lib/curl.license"
install -m 644 "$dir/stage/lib/libcurl.a" "$TP/lib/libcurl.a.new"
mv "$TP/lib/libcurl.a.new" "$TP/lib/libcurl.a"
stamp >"$TP/lib/curl.version"
rm -rf "$dir"
