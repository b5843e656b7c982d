#!/usr/bin/env bash
# A bare Debian with nothing added but the Node and npm of this machine, to prove that nothing else is needed.
# usage: bare.sh DIR HOW COMMAND    (as root; package: debootstrap)
# Makes it in DIR unless it is there, puts what is committed of this repository in it, in a folder whose name has a blank, and
# runs COMMAND there by sh. Nothing stays mounted and nothing goes on. The network is this machine's. HOW is one of
#   namespaces      as root in mount and process namespaces of its own, like a machine of its own
#   chroot          as root in a plain chroot: its root is not a mount point, so that no namespace of mounts can be made
#   container       as root in an unprivileged Docker container: default seccomp profile and capabilities, /dev/shm of 64 MiB
#   container-user  the same as an ordinary user
# With BARE_PROGRAM=FILE there is no Node, no npm and nothing in that folder: only that file, as /usr/local/bin/tazpod.
set -eEuo pipefail
trap 'echo "bare.sh: failed at line $LINENO" >&2' ERR
dir=$1 how=$2 command=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
certificates=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
user=visitor project="/my project"

if ! [ -e "$dir/etc/debian_version" ]; then
  mkdir -p "$dir"
  chmod 755 "$dir"
  debootstrap --variant=minbase "$suite" "$dir" >"$dir.log" 2>&1 || { tail -n 20 "$dir.log" >&2; exit 1; }
  chroot "$dir" useradd --create-home --shell /bin/bash "$user"
fi

rm -rf "$dir$project" "$dir/usr/local/bin/tazpod"
mkdir "$dir$project"
# where names are looked up, and whom to trust
cp --remove-destination -L /etc/resolv.conf "$dir/etc/resolv.conf"
[ -e "$certificates" ] && install -D -m 644 "$certificates" "$dir$certificates"

add_node() {
  local modules prefix
  modules=$(npm root --global)
  prefix=$(npm prefix --global)
  install -D "$(command -v node)" "$dir/usr/local/bin/node"
  mkdir -p "$dir/usr/local/lib/node_modules"
  rm -rf "$dir/usr/local/lib/node_modules/npm"
  cp -a "$modules/npm" "$dir/usr/local/lib/node_modules/"
  ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$dir/usr/local/bin/npm"
  ln -sf ../lib/node_modules/npm/bin/npx-cli.js "$dir/usr/local/bin/npx"
  [ -e "$prefix/etc/npmrc" ] && install -D -m 644 "$prefix/etc/npmrc" "$dir/usr/local/etc/npmrc"
  git -C "$here" archive HEAD | tar -x -C "$dir$project"
}

if [ -n "${BARE_PROGRAM:-}" ]; then
  rm -rf "$dir"/usr/local/bin/{node,npm,npx} "$dir/usr/local/lib/node_modules"
  install "$BARE_PROGRAM" "$dir/usr/local/bin/tazpod"
else
  add_node
fi

variables() {
  echo PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "HOME=$1" LANG=C.UTF-8 "CI=${CI:-}" \
    "NODE_EXTRA_CA_CERTS=$certificates" "TAZPOD_TEST_JOBS=${TAZPOD_TEST_JOBS:-2}" ${TAZPOD_TEST_ENGINE:+"TAZPOD_TEST_ENGINE=$TAZPOD_TEST_ENGINE"} \
    ${TAZPOD_TEST_SEED:+"TAZPOD_TEST_SEED=$TAZPOD_TEST_SEED"} ${TAZPOD_TEST_PARTS:+"TAZPOD_TEST_PARTS=$TAZPOD_TEST_PARTS"}
}

# Fills /proc and /dev of the folder that this is run in.
fill='set -e
mount -t proc proc proc
mount -t tmpfs -o nosuid tmpfs dev
for n in null zero full random urandom tty; do : > "dev/$n"; mount --bind "/dev/$n" "dev/$n"; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
'

# shellcheck disable=SC2046
case $how in
  namespaces)
    inside='cd "$1"; mount --rbind . .; cd "$1"
      '$fill'
      mkdir .host
      pivot_root . .host
      cd "$3"
      umount -l /.host
      rmdir /.host
      exec sh -c "$2"'
    exec unshare --mount --pid --fork --kill-child env -i $(variables /root) sh -c "$inside" bare "$dir" "$command" "$project"
    ;;
  chroot)
    inside='cd "$1"
      '$fill'
      exec chroot . sh -c "cd \"\$0\" && $2" "$3"'
    exec unshare --mount --pid --fork --kill-child env -i $(variables /root) sh -c "$inside" bare "$dir" "$command" "$project"
    ;;
  container | container-user)
    who=root home=/root
    [ "$how" = container-user ] && who=$user home=/home/$user
    chroot "$dir" chown -R "$who:" "$project"
    image=tazpod-bare-$$:1 name=tazpod-bare-$$
    tar -C "$dir" --one-file-system -c . | docker import - "$image" >/dev/null
    trap 'docker rm --force "$name" >/dev/null 2>&1; docker rmi "$image" >/dev/null' EXIT
    docker run --rm --name "$name" --init --network host --user "$who" --workdir "$project" \
      $(variables "$home" | sed 's/\(^\| \)\([A-Za-z_]*=\)/ --env \2/g') "$image" sh -c "$command"
    ;;
  *) echo "usage: bare.sh DIR namespaces|chroot|container|container-user COMMAND" >&2; exit 2 ;;
esac
