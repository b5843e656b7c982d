#!/usr/bin/env bash
# Runs a command where podman works and is nobody else's: what it stores, sets and runs is in one folder, and ends with it.
# usage: podman.sh root|user DIR COMMAND…
#   root  podman as root; needs root
#   user  podman as an ordinary user: whoever calls, and for root one that exists only in there
# Packages (Debian): podman runc uidmap slirp4netns containernetworking-plugins
# As root it all happens in mount and pid namespaces: no process, mount or user outlives the command. DIR is the caller's
# to remove; where an ordinary user calls, what podman stored is gone from it.
set -eEuo pipefail
who=${1:?} dir=${2:?}
shift 2
here=$(dirname "$(readlink -f "$0")")

settings() {
  mkdir -p "$dir"/{home,tmp,run}
  chmod 700 "$dir/run"
  # crun wants cgroups v2; more files than this is refused where the limit may not be raised
  {
    echo '[containers]'
    echo 'default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]'
    echo '[engine]'
    [ -e /sys/fs/cgroup/cgroup.controllers ] || echo 'runtime = "runc"'
    echo 'cgroup_manager = "cgroupfs"'
    echo 'events_logger = "file"'
    if [ "$who" = root ]; then echo "tmp_dir = \"$dir/run/libpod\""; fi
  } >"$dir/containers.conf"
  {
    echo '[storage]'
    echo 'driver = "vfs"'
    echo "graphroot = \"$dir/storage\""
    echo "runroot = \"$dir/run/storage\""
    echo "rootless_storage_path = \"$dir/storage\""
  } >"$dir/storage.conf"
}

# Debian's busybox has what the test image is made of, too
lo_up() { busybox ifconfig lo 127.0.0.1 up; }

inside() {
  mount -t tmpfs -o mode=1777 tmpfs /dev/shm # podman's locks are there
  mount -t tmpfs -o mode=700 tmpfs "$dir/run"
  if [ "$who" = root ]; then
    mkdir -p /var/lib/cni /run/netns
    mount -t tmpfs tmpfs /var/lib/cni
    mount -t tmpfs tmpfs /run/netns
    mount --make-shared /run/netns
    lo_up
    "$@"
    return
  fi
  local id=64321 file
  mkdir "$dir/etc"
  for file in passwd group subuid subgid; do
    cat "/etc/$file" >"$dir/etc/$file" 2>/dev/null || true
    [ -e "/etc/$file" ] || continue
    mount --bind "$dir/etc/$file" "/etc/$file"
  done
  echo "nomad:x:$id:$id::$dir/home:/bin/sh" >>/etc/passwd
  echo "nomad:x:$id:" >>/etc/group
  echo "nomad:700000:65536" | tee -a /etc/subuid >>/etc/subgid
  # as a desktop's udev makes it
  mknod -m 666 "$dir/tun" c 10 200
  mount --bind "$dir/tun" /dev/net/tun
  chown -R "$id:$id" "$dir"/{home,tmp,run}
  install -d -o "$id" -g "$id" "$dir/storage"
  export HOME=$dir/home TMPDIR=$dir/tmp XDG_RUNTIME_DIR=$dir/run USER=nomad LOGNAME=nomad
  cd "$HOME"
  setpriv --reuid "$id" --regid "$id" --clear-groups "$@"
}

# The caller's own user, who has no namespaces to take it all away with.
as_caller() {
  export XDG_RUNTIME_DIR=$dir/run
  local code=0
  "$@" || code=$?
  podman rm --all --force --time 0 >/dev/null 2>&1 || true
  podman unshare rm -rf "$dir/storage" || true
  if [ -s "$dir/run/libpod/tmp/pause.pid" ]; then kill "$(cat "$dir/run/libpod/tmp/pause.pid")" || true; fi
  return "$code"
}

if [ "${PODMAN_SH_INSIDE:-}" = "$dir" ]; then
  unset PODMAN_SH_INSIDE
  inside "$@"
  exit
fi
settings
export CONTAINERS_CONF=$dir/containers.conf CONTAINERS_STORAGE_CONF=$dir/storage.conf
if [ "$(id -u)" != 0 ]; then
  if [ "$who" = root ]; then echo "podman.sh: not run as root" >&2; exit 1; fi
  as_caller "$@"
  exit
fi
chmod 755 "$dir"
own=(--mount --pid --fork --kill-child --mount-proc)
# the bridge and the rules of a firewall that root's podman makes
if [ "$who" = root ]; then own+=(--net); fi
PODMAN_SH_INSIDE=$dir exec unshare "${own[@]}" "$here/podman.sh" "$who" "$dir" "$@"
