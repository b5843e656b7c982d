#!/usr/bin/env bash
# Runs a command where podman works and is nobody else's: what it stores, sets and runs is in one folder, and ends with it.
# usage: [PODMAN_WITHOUT=subids|newuidmap|tun|slirp4netns] podman.sh root|user DIR COMMAND…
#   root  podman as root; needs root
#   user  podman as an ordinary user: whoever calls, and for root one that exists only in there
# Packages (Debian): podman runc uidmap slirp4netns containernetworking-plugins
# As root it all happens in mount and pid namespaces: no process, mount or user outlives the command. DIR is the caller's
# to remove; where an ordinary user calls, what podman stored is gone from it.
set -eEuo pipefail
who=${1:?} dir=${2:?}
shift 2
here=$(dirname "$(readlink -f "$0")")
id=64321
# podman's name for its own is at most 50 characters long; with a longer one each `run` waits 20 s for its container's end
if [ "$(id -u)" = 0 ]; then
  run=/run/user/$id
else
  run=${XDG_RUNTIME_DIR:-/tmp}/tz-$$
  (umask 077 && mkdir "$run")
fi

settings() {
  mkdir -p "$dir"/{home,tmp}
  # crun wants cgroups v2; more files than this is refused where the limit may not be raised
  {
    echo '[containers]'
    echo 'default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]'
    echo '[engine]'
    [ -e /sys/fs/cgroup/cgroup.controllers ] || echo 'runtime = "runc"'
    echo 'cgroup_manager = "cgroupfs"'
    echo 'events_logger = "file"'
    if [ "$who" = root ]; then echo "tmp_dir = \"$run/libpod\""; fi
  } >"$dir/containers.conf"
  {
    echo '[storage]'
    echo 'driver = "vfs"'
    echo "graphroot = \"$dir/storage\""
    echo "runroot = \"$run/containers\""
    echo "rootless_storage_path = \"$dir/storage\""
  } >"$dir/storage.conf"
}

# Debian's busybox has what the test image is made of, too
lo_up() { busybox ifconfig lo 127.0.0.1 up; }

inside() {
  mount -t tmpfs -o mode=1777 tmpfs /dev/shm # podman's locks are there
  mkdir -p /run/user
  mount -t tmpfs tmpfs /run/user
  install -d -m 700 "$run"
  if [ "$who" = root ]; then
    mkdir -p /var/lib/cni /run/netns
    mount -t tmpfs tmpfs /var/lib/cni
    mount -t tmpfs tmpfs /run/netns
    mount --make-shared /run/netns
    lo_up
    "$@"
    return
  fi
  local file
  mkdir "$dir/etc"
  for file in passwd group subuid subgid; do
    cat "/etc/$file" >"$dir/etc/$file" 2>/dev/null || true
    [ -e "/etc/$file" ] || continue
    mount --bind "$dir/etc/$file" "/etc/$file"
  done
  echo "nomad:x:$id:$id::$dir/home:/bin/sh" >>/etc/passwd
  echo "nomad:x:$id:" >>/etc/group
  # what PODMAN_WITHOUT names, this user has not
  local without=${PODMAN_WITHOUT:-} mode=666 # as a desktop's udev makes it
  case $without in
    newuidmap | slirp4netns) mount --bind /dev/null "$(command -v "$without")" ;;
    tun) mode=600 ;;
  esac
  if [ "$without" != subids ]; then echo "nomad:700000:65536" | tee -a /etc/subuid >>/etc/subgid; fi
  mknod -m "$mode" "$dir/tun" c 10 200
  mount --bind "$dir/tun" /dev/net/tun
  chown -R "$id:$id" "$dir"/{home,tmp} "$run"
  install -d -o "$id" -g "$id" "$dir/storage"
  export HOME=$dir/home TMPDIR=$dir/tmp XDG_RUNTIME_DIR=$run USER=nomad LOGNAME=nomad
  cd "$HOME"
  setpriv --reuid "$id" --regid "$id" --clear-groups "$@"
}

# The caller's own user, who has no namespaces to take it all away with.
as_caller() {
  export XDG_RUNTIME_DIR=$run
  local code=0
  "$@" || code=$?
  podman rm --all --force --time 0 >/dev/null 2>&1 || true
  podman unshare rm -rf "$dir/storage" || true
  if [ -s "$run/libpod/tmp/pause.pid" ]; then kill "$(cat "$run/libpod/tmp/pause.pid")" || true; fi
  rm -rf "$run"
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
