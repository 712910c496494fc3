#!/bin/bash
# Makes the clean machines that the tests of install.sh run in, from Debian's packages, without installing any:
#   make_root.sh DIR [THIRD_PARTY_DIR]
# DIR/root is a small Debian (dash, coreutils, curl, sudo, OpenRC; nothing configured, no service runs). Quick when it is there.
dir=$(realpath -m "$1")
set -- "$(realpath -m "${2:-build/third_party}")"
stamp="$(sha256sum <"$0")"
[ "$(cat "$dir/stamp" 2>/dev/null)" != "$stamp" ] || exit 0
. "$(dirname "$0")/../../embedded/third_party/source.sh"

packages=(base-files base-passwd dash coreutils sed grep mawk findutils diffutils util-linux mount hostname procps
  libc-bin curl sudo openrc libpam-modules systemd dbus)
mkdir -p "$dir/deb"
apt_for bookworm
: >"$dir/status"
# With an empty status apt names everything that is needed below these.
apt-get "${APT[@]}" -oDir::State::status="$dir/status" -oDebug::NoLocking=1 --no-install-recommends --print-uris -y install "${packages[@]}" \
  2>"$dir/fetch.log" | awk -F"'" '/^'"'"'/ {print $2, $3}' >"$dir/uris" || { cat "$dir/fetch.log" >&2; exit 1; }
[ -s "$dir/uris" ] || { echo "apt names no packages" >&2; exit 1; }
(cd "$dir/deb" && awk '{print $2}' "$dir/uris" | sed 's/_.*//' | sort -u | xargs apt-get "${APT[@]}" download) >"$dir/fetch.log" 2>&1 || {
  cat "$dir/fetch.log" >&2
  echo "Debian's packages for the clean machine could not be fetched" >&2
  exit 1
}
root=$dir/root.new
rm -rf "$root" "$dir/root"
mkdir -p "$root"/usr/{bin,sbin,lib,lib64}
for name in bin sbin lib lib64; do ln -s usr/$name "$root/$name"; done
for deb in "$dir"/deb/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$root"
done
rm -rf "$root"/usr/share/{doc,man,info,locale,lintian,bash-completion} "$root"/usr/lib/*/gconv "$dir/deb"
ln -sf dash "$root/usr/bin/sh"
[ -e "$root/usr/bin/awk" ] || ln -s mawk "$root/usr/bin/awk"
mkdir -p "$root"/{proc,sys,dev,run,tmp,root,etc/logrotate.d,var/{log,lib,tmp},usr/local/{bin,sbin},home/pi}
chmod 1777 "$root/tmp" "$root/var/tmp"
cat >"$root/etc/passwd" <<'T'
root:x:0:0:root:/root:/bin/sh
pi:x:1000:1000::/home/pi:/bin/sh
nobody:x:65534:65534:nobody:/:/usr/sbin/nologin
T
printf 'root:x:0:\npi:x:1000:\nnogroup:x:65534:\n' >"$root/etc/group"
printf 'root:*:19000:0:99999:7:::\npi:*:19000:0:99999:7:::\n' >"$root/etc/shadow"
chmod 640 "$root/etc/shadow"
for service in sudo other common-auth common-account common-session common-session-noninteractive common-password; do
  printf 'auth sufficient pam_permit.so\naccount sufficient pam_permit.so\nsession optional pam_permit.so\npassword sufficient pam_permit.so\n' >"$root/etc/pam.d/$service"
done
echo 'pi ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/pi"
chmod 440 "$root/etc/sudoers.d/pi"
mv "$root" "$dir/root"
echo "$stamp" >"$dir/stamp"
