#!/bin/bash
# shellcheck disable=SC2015,SC2016
# Process 1 of a machine of machine.sh, in namespaces of its own: machine_init.sh FOLDER CLEAN_ROOT NAME GROUP INIT
set -eu
dir=$1 clean=$2 name=$3 group=$4 init=$5
mount --make-rprivate /
mount -t tmpfs -o size=2g,mode=755 tmpfs "$dir"
cp -a "$clean/." "$dir/"
mount -t proc proc "$dir/proc"
mount -t sysfs sysfs "$dir/sys"
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount --bind "/sys/fs/cgroup/$group" "$dir/sys/fs/cgroup"
  # With processes in it a group cannot hand controllers to those below.
  mkdir "/sys/fs/cgroup/$group/init"
  echo $$ >"/sys/fs/cgroup/$group/init/cgroup.procs"
else
  mount -t tmpfs -o mode=755 tmpfs "$dir/sys/fs/cgroup"
  for folder in /sys/fs/cgroup/*/; do
    folder=${folder%/}
    [ -d "$folder/$group" ] && [ ! -L "$folder" ] || continue
    mkdir "$dir/sys/fs/cgroup/${folder##*/}"
    mount --bind "$folder/$group" "$dir/sys/fs/cgroup/${folder##*/}"
  done
fi
mount -t tmpfs -o mode=755 tmpfs "$dir/dev"
for node in null zero full random urandom tty; do
  : >"$dir/dev/$node"
  mount --bind "/dev/$node" "$dir/dev/$node"
done
[ ! -e /dev/kmsg ] || { : >"$dir/dev/kmsg"; mount --bind /dev/null "$dir/dev/kmsg"; }
mkdir "$dir/dev/pts" "$dir/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$dir/dev/pts"
mount -t tmpfs tmpfs "$dir/dev/shm"
ln -s pts/ptmx "$dir/dev/ptmx"
ln -s /proc/self/fd "$dir/dev/fd"
mount -t tmpfs -o mode=755 tmpfs "$dir/run"
mount -t tmpfs tmpfs "$dir/tmp"
hostname "$name"
echo "$name" >"$dir/etc/hostname"
echo "127.0.0.1 localhost $name" >"$dir/etc/hosts"
echo "nameserver 10.99.0.1" >"$dir/etc/resolv.conf"
echo "$(printf '%s' "$name" | md5sum | cut -c1-32)" >"$dir/etc/machine-id"
case $init in
  systemd)
    # Nobody logs in here, and nothing is to be tidied.
    for unit in console-getty getty@ serial-getty@ systemd-logind systemd-tmpfiles-clean systemd-update-utmp systemd-update-utmp-runlevel; do
      ln -sf /dev/null "$dir/etc/systemd/system/$unit.service"
    done
    for timer in "$dir"/usr/lib/systemd/system/*.timer; do ln -sf /dev/null "$dir/etc/systemd/system/${timer##*/}"; done
    mkdir -p "$dir/etc/systemd/journald.conf.d"
    printf '[Journal]\nStorage=volatile\n' >"$dir/etc/systemd/journald.conf.d/test.conf" ;;
  openrc)
    # As after booting into the default runlevel.
    mkdir -p "$dir"/run/openrc/{starting,started,stopping,inactive,wasinactive,failed,hotplugged,daemons,options,exclusive,scheduled,tmp}
    echo default >"$dir/run/openrc/softlevel"
    mkdir -p "$dir/etc/runlevels/default"
    rm -f "$dir/usr/bin/systemctl"
    : >"$dir/booted" ;;
  *)
    rm -f "$dir/usr/bin/systemctl" "$dir/usr/sbin/openrc-run"
    : >"$dir/booted" ;;
esac
mkdir "$dir/old"
cd "$dir"
pivot_root . old
umount -l /old
rmdir /old
mount --make-rshared /
case $init in
  systemd) exec env -i container=other PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --system --log-target=journal --show-status=0 systemd.unit=multi-user.target ;;
  # Process 1 has to take up orphans.
  *) exec env -i PATH=/usr/sbin:/usr/bin sh -c 'trap : TERM CHLD; while :; do sleep 1000 & wait; done' ;;
esac
