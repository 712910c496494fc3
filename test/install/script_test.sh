#!/bin/bash
# install.sh by itself, in dash and in busybox' ash: what it refuses, what it leaves untouched when something goes wrong, where
# it puts things. No service runs here (server_test.sh and agent_test.sh do that): the releases hold a small program.
. "$(dirname "$0")/machine.sh"
prepare

step "the script reads well"
if command -v shellcheck >/dev/null; then
  shellcheck "$top/install.sh" || fail "shellcheck"
else
  echo "skipped: shellcheck is not here (make deps)"
fi
for shell in dash "busybox ash"; do
  $shell -n "$top/install.sh" || fail "$shell cannot read install.sh"
done

lan
boot m 2 none
root=$(root_of m)
cp "$(command -v busybox)" "$root/usr/bin/busybox"
# What stands in for the executable: it runs, which is all that install.sh asks of it.
printf '#!/bin/sh\necho stand-in 1\n%2000s\n' '' >"$work/program1"
sed 's/stand-in 1/stand-in 2/' "$work/program1" >"$work/program2"
release "$www/base/v0.1.0" v0.1.0 "$work/program1"
release "$www/base/v0.2.0" v0.2.0 "$work/program2"
mkdir -p "$www/base/channels"
echo v0.1.0 >"$www/base/channels/stable"
echo v0.2.0 >"$www/base/channels/latest"
sed 's/stand-in 1/stand-in 3/' "$work/program1" >"$work/program3"
release "$www/bad" v0.3.0 "$work/program3"
cp "$work/program2" "$www/bad/skerry-linux-amd64.new"
mv "$www/bad/skerry-linux-amd64.new" "$www/bad/skerry-linux-amd64"
cp "$top/install.sh" "$www/"

# install SHELL [VARIABLE=value...] [-- WORDS]: sets rc and out.
install() {
  local shell=$1
  shift
  out=$(piped m "$shell" INSTALL_SKERRY_SKIP_ENABLE=true "$@" 2>&1)
  rc=$?
}
installed() { on m sha256sum "${1:-/usr/local/bin/skerry}" 2>/dev/null | cut -d' ' -f1; }
sum1=$(sha256sum <"$work/program1" | cut -d' ' -f1)
sum2=$(sha256sum <"$work/program2" | cut -d' ' -f1)
works() { [ $rc = 0 ] || fail "$1: exit $rc: $out"; }
refuses() { # WHAT TEXT
  [ $rc != 0 ] || fail "$1 was accepted: $out"
  case $out in *"$2"*) ;; *) fail "$1: does not say \"$2\": $out" ;; esac
}
files() { on m find /usr/local /opt /etc/skerry /etc/systemd /etc/init.d /tmp /var/lib/skerry -printf '%p %s %m %l\n' 2>/dev/null | sort; }
untouched() { # WHAT: nothing is there that was not there before
  files >"$work/files.now"
  diff "$work/files.before" "$work/files.now" || fail "$1 changed something"
}
mark() { files >"$work/files.before"; }
clean() { on m sh -c 'rm -rf /usr/local/bin/* /opt/bin /etc/skerry /var/lib/skerry'; }

for shell in dash "busybox ash"; do
  echo "== $shell"
  clean
  mark
  step "a script that was cut off does nothing"
  size=$(stat -c %s "$top/install.sh")
  cuts=$(seq 150 1777 $((size - 20)))
  for n in $cuts $(seq $((size - 14)) $((size - 2))); do
    head -c "$n" "$top/install.sh" >"$root/tmp/cut.sh"
    on m env SKERRY_RELEASE_URL="$site/base" INSTALL_SKERRY_SKIP_ENABLE=true sh -c "$shell < /tmp/cut.sh" >/dev/null 2>&1
    rm "$root/tmp/cut.sh"
    untouched "the first $n bytes of the script"
  done

  step "refused: checksum, cut downloads, what is not there"
  install "$shell" SKERRY_RELEASE_URL="$site/bad"
  refuses "a wrong checksum" "refused"
  untouched "a wrong checksum"
  install "$shell" SKERRY_RELEASE_URL="$site/cut/base/v0.1.0"
  refuses "a download that ends early" "could not fetch"
  untouched "a download that ends early"
  install "$shell" SKERRY_RELEASE_URL="$site/short/base/v0.1.0"
  refuses "a download that ends early unnoticed" "refused"
  untouched "a download that ends early unnoticed"
  install "$shell" SKERRY_RELEASE_URL="$site/nowhere"
  refuses "a release that is not there" "could not fetch"
  install "$shell" SKERRY_RELEASE_URL="$site/base" INSTALL_SKERRY_VERSION=v9
  refuses "a version that is not there" "could not fetch"
  install "$shell" SKERRY_RELEASE_URL="$site/base/v0.1.0" INSTALL_SKERRY_VERSION=v0.2.0
  refuses "another version than the folder's" "holds version v0.1.0"
  install "$shell" SKERRY_RELEASE_URL="$site/base" INSTALL_SKERRY_VERSION=../v0.1.0
  refuses "a version that is a path" "is no version"
  install "$shell" SKERRY_RELEASE_URL=ftp://example.org/
  refuses "an ftp address" "neither https"
  install "$shell"
  refuses "no address at all" "SKERRY_RELEASE_URL"
  install "$shell" SKERRY_RELEASE_URL="$site/base" -- serve
  refuses "an unknown command" "neither server nor agent"
  untouched "what is refused"

  if [ "$shell" = dash ]; then # busybox' shell would take its own uname, not the one on the PATH
    step "processors"
    printf '#!/bin/sh\n[ "$1" = -m ] && echo riscv64 || exec /usr/bin/uname "$@"\n' >"$root/usr/local/sbin/uname"
    chmod 755 "$root/usr/local/sbin/uname"
    mark
    install "$shell" SKERRY_RELEASE_URL="$site/base"
    refuses "riscv64" "no Skerry for this processor (riscv64)"
    untouched "an unknown processor"
    for pair in aarch64:arm64 armv7l:armhf armv8l:armhf x86_64:amd64; do
      sed -i "s/echo [a-z0-9_]* /echo ${pair%:*} /" "$root/usr/local/sbin/uname"
      install "$shell" SKERRY_RELEASE_URL="$site/base" INSTALL_SKERRY_BIN_DIR=/tmp/bin
      works "${pair%:*}"
      case $out in *"for ${pair#*:} from"*) ;; *) fail "${pair%:*} is not ${pair#*:}: $out" ;; esac
      rm -rf "$root/tmp/bin" "$root/etc/skerry"
    done
    sed -i "s/echo [a-z0-9_]* /echo armv6l /" "$root/usr/local/sbin/uname"
    install "$shell" SKERRY_RELEASE_URL="$site/base"
    refuses "armv6" "armv6l"
    rm "$root/usr/local/sbin/uname"
  fi
  step "refused: no service manager"
  mark
  install "$shell" SKERRY_RELEASE_URL="$site/base" INSTALL_SKERRY_SKIP_ENABLE=
  refuses "no service manager" "neither systemd nor OpenRC"
  untouched "no service manager"

  step "channels, versions, ways to fetch"
  install "$shell" SKERRY_RELEASE_URL="$site/base/"
  works "channel stable"
  [ "$(installed)" = "$sum1" ] || fail "channel stable is not v0.1.0"
  [ "$(on m readlink /usr/local/bin/kubectl)" = skerry ] || fail "no link kubectl"
  [ "$(on m stat -c '%a %U' /usr/local/bin/skerry)" = "755 root" ] || fail "the executable's mode"
  mark
  install "$shell" SKERRY_RELEASE_URL="$site/base"
  works "the same again"
  case $out in *"is version v0.1.0 already"*) ;; *) fail "fetched again: $out" ;; esac
  untouched "the same again"
  install "$shell" SKERRY_RELEASE_URL="$site/base" INSTALL_SKERRY_CHANNEL=latest
  [ "$(installed)" = "$sum2" ] || fail "channel latest is not v0.2.0: $out"
  install "$shell" SKERRY_RELEASE_URL="$site/page/base" INSTALL_SKERRY_VERSION=v0.1.0
  [ "$(installed)" = "$sum1" ] || fail "version v0.1.0 was not installed: $out"
  mark
  install "$shell" SKERRY_RELEASE_URL="$site/bad"
  refuses "a wrong checksum" "refused"
  untouched "a wrong checksum, of an upgrade"
  mkdir -p "$root/tmp/release"
  cp "$www"/base/v0.2.0/* "$root/tmp/release/"
  install "$shell" SKERRY_RELEASE_URL=file:///tmp/release
  [ "$(installed)" = "$sum2" ] || fail "file:// did not install: $out"
  install "$shell" SKERRY_RELEASE_URL="$site/base"
  install "$shell" SKERRY_RELEASE_URL=/tmp/release
  [ "$(installed)" = "$sum2" ] || fail "a folder did not install: $out"
  mv "$root/usr/bin/curl" "$root/usr/bin/curl.away"
  ln -s busybox "$root/usr/bin/wget"
  out=$(on m INSTALL_SKERRY_SKIP_ENABLE=true SKERRY_RELEASE_URL="$site/base" sh -c "wget -qO - $site/install.sh | $shell" 2>&1)
  [ "$(installed)" = "$sum1" ] || fail "wget did not install: $out"
  out=$(on m INSTALL_SKERRY_SKIP_ENABLE=true SKERRY_RELEASE_URL="$site/bad" sh -c "wget -qO - $site/install.sh | $shell" 2>&1)
  rc=$?
  refuses "a wrong checksum by wget" "refused"
  rm "$root/usr/bin/wget"
  mv "$root/usr/bin/curl.away" "$root/usr/bin/curl"

  step "an unpacked air-gap archive, by an ordinary user with sudo"
  clean
  mkdir -p "$root/tmp/release/images"
  head -c 5000 /dev/urandom >"$root/tmp/release/images/app.tar"
  (cd "$root/tmp/release" && sha256sum images/app.tar >>SHA256SUMS)
  out=$(on m setpriv --reuid 1000 --regid 1000 --clear-groups env INSTALL_SKERRY_SKIP_ENABLE=true $shell /tmp/release/install.sh 2>&1) ||
    fail "the air-gap archive: $out"
  [ "$(installed)" = "$sum2" ] || fail "the air-gap archive did not install"
  [ "$(on m stat -c '%a %U %G' /usr/local/bin/skerry)" = "755 root root" ] || fail "the executable is not root's"
  on m cmp /tmp/release/images/app.tar /var/lib/skerry/agent/images/app.tar || fail "the images were not copied"
  echo x >>"$root/tmp/release/images/app.tar"
  out=$(on m INSTALL_SKERRY_SKIP_ENABLE=true $shell /tmp/release/install.sh 2>&1)
  rc=$?
  refuses "a damaged image" "refused"
  rm -rf "$root/tmp/release"

  step "no room: the old one stays"
  clean
  mkdir -p "$root/tmp/bin"
  on m mount -t tmpfs -o size=40k tmpfs /tmp/bin
  install "$shell" SKERRY_RELEASE_URL="$site/base" INSTALL_SKERRY_BIN_DIR=/tmp/bin
  works "a small disk"
  head -c 35000 /dev/zero >"$root/tmp/bin/full" 2>/dev/null
  on m sh -c 'cat /dev/zero >/tmp/bin/more' 2>/dev/null
  mark
  install "$shell" SKERRY_RELEASE_URL="$site/base" INSTALL_SKERRY_CHANNEL=latest INSTALL_SKERRY_BIN_DIR=/tmp/bin
  refuses "a full disk" "could not"
  untouched "a full disk"
  [ "$(installed /tmp/bin/skerry)" = "$sum1" ] || fail "a full disk has cost the old executable"
  on m umount /tmp/bin
  rmdir "$root/tmp/bin"

  step "/usr/local that cannot be written"
  clean
  on m mount --bind /usr/local /usr/local
  on m mount -o remount,bind,ro /usr/local
  install "$shell" SKERRY_RELEASE_URL="$site/base"
  works "read-only /usr/local"
  [ "$(installed /opt/bin/skerry)" = "$sum1" ] || fail "not installed to /opt/bin: $out"
  [ "$(on m readlink /opt/bin/kubectl)" = skerry ] || fail "no link /opt/bin/kubectl"
  on m umount /usr/local

  step "kubectl that is there already"
  clean
  printf '#!/bin/sh\n' >"$root/usr/bin/kubectl"
  chmod 755 "$root/usr/bin/kubectl"
  install "$shell" SKERRY_RELEASE_URL="$site/base"
  works "another kubectl"
  [ ! -e "$root/usr/local/bin/kubectl" ] || fail "linked although there is a kubectl"
  install "$shell" SKERRY_RELEASE_URL="$site/base" INSTALL_SKERRY_SYMLINK=force
  [ -L "$root/usr/local/bin/kubectl" ] || fail "SYMLINK=force did not link"
  rm "$root/usr/bin/kubectl" "$root/usr/local/bin/kubectl"
  install "$shell" SKERRY_RELEASE_URL="$site/base" INSTALL_SKERRY_SYMLINK=skip
  [ ! -e "$root/usr/local/bin/kubectl" ] || fail "SYMLINK=skip did link"

  step "the executable that is there already"
  install "$shell" INSTALL_SKERRY_SKIP_DOWNLOAD=true
  works "SKIP_DOWNLOAD"
  clean
  install "$shell" INSTALL_SKERRY_SKIP_DOWNLOAD=true
  refuses "SKIP_DOWNLOAD without an executable" "is not there"
  cp "$work/program1" "$root/usr/local/bin/skerry"
  chmod 755 "$root/usr/local/bin/skerry"
  install "$shell" INSTALL_SKERRY_BIN_DIR_READ_ONLY=true
  works "BIN_DIR_READ_ONLY"
  [ "$(ls "$root/usr/local/bin")" = skerry ] || fail "BIN_DIR_READ_ONLY wrote to it"
done
echo "passed"
