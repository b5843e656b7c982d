import { vaultCover } from "../spec.js";

/** `read_only DIR` makes every mount at or below DIR read-only, or covers it. */
const readOnly = `# one line per mount: MOUNTPOINT OPTIONS, with blanks in octal
read_only() {
  cut -d ' ' -f 5,6 /proc/self/mountinfo | while read -r at options; do
    case $at in *\\\\*)
      at=$(printf '%b.' "$(printf '%s' "$at" | sed 's/\\\\\\([0-7]\\)/\\\\0\\1/g')")
      at=\${at%.} ;;
    esac
    case $at/ in "$1"/*) ;; *) continue ;; esac
    # skipped: in a folder that this user may not enter, it is unreachable from inside, too
    [ -e "$at" ] || continue
    keep=\${options#r[ow]} keep=\${keep#,}
    # locked flags must be repeated
    mount -o "remount,bind,ro\${keep:+,$keep}" "$at" 2>/dev/null ||
      mount -t tmpfs -o ro,size=4k,mode=755 tazpod "$at"
  done
}`;

/**
 * The shell program of a namespace's first process (like the pause container of Kubernetes). It needs util-linux and,
 * once the new root is in place, only what that root shows of the host.
 * The new root is a small tmpfs with the host's folders bound read-only, except for those that may hold private data:
 * /home, /root, /tmp, /var/tmp, /run and /dev are new and in RAM. A mount that cannot be made read-only is covered. The
 * project and `mounts` are bound from the old root, which stays intact: the new root is mounted over /tmp only.
 * Arguments: `finishScript`, size of the RAM folder in bytes, home, host name, the user's line of passwd(5), `copy` if
 * /workspace is a folder in RAM, then SOURCE TARGET ro|rw for each mount.
 * Prints its pid on the host, then waits for a line on stdin; without one it ends.
 */
export const pauseScript = `set -eu
umask 022
finish=$1 size=$2 home=$3 name=$4 user=$5 workspace=$6
shift 6
read -r pid _ < /proc/self/stat
b=/tmp
mount -t tmpfs -o mode=755,nosuid,nodev,size=16m tazpod "$b"
mkdir "$b/.old"
for d in /* /.[!.]*; do
  case $d in
    /dev | /proc | /tmp | /run | /home | /root | /workspace | /lost+found | /.old) continue ;;
  esac
  if [ -L "$d" ]; then
    ln -s "$(readlink "$d")" "$b$d"
  elif [ -d "$d" ]; then
    mkdir "$b$d"
    mount --rbind "$d" "$b$d"
  fi
done
${readOnly}
for d in "$b"/*; do
  [ -L "$d" ] || read_only "$d"
done
fresh() { [ -d "$b$1" ] || mkdir "$b$1"; mount -t tmpfs -o "nosuid,nodev,$2" tazpod "$b$1"; }
fresh /tmp mode=1777
fresh /run mode=755
fresh /home mode=755,size=1m
fresh /root mode=700,size=1m
if [ -d "$b/var/tmp" ] && ! [ -L "$b/var/tmp" ]; then fresh /var/tmp mode=1777; fi
mkdir "$b/dev" "$b/proc" "$b/workspace"
mount -t tmpfs -o mode=755,nosuid,noexec,size=64k tazpod "$b/dev"
for n in null zero full random urandom tty; do
  : > "$b/dev/$n"
  mount --bind "/dev/$n" "$b/dev/$n"
done
mkdir "$b/dev/pts" "$b/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,nosuid,noexec devpts "$b/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev tazpod "$b/dev/shm"
ln -s pts/ptmx "$b/dev/ptmx"
ln -s /proc/self/fd "$b/dev/fd"
for n in 0:stdin 1:stdout 2:stderr; do ln -s "fd/\${n%:*}" "$b/dev/\${n#*:}"; done
names=$(readlink -f /etc/resolv.conf || :)
cd "$b"
# pivot_root fails below a chroot; there, chroot hides the old root as well
if pivot_root . .old 2>/dev/null; then
  cd /
  exec sh -c "$finish" tazpod-hold "$pid" "$names" "$size" "$home" "$name" "$user" "$workspace" "$@"
fi
mount --rbind / .old
exec chroot . sh -c "$finish" tazpod-hold "$pid" "$names" "$size" "$home" "$name" "$user" "$workspace" "$@"`;

/**
 * The second half, run once the new root is in place. Arguments: pid, path of the resolver configuration, then those of
 * `pauseScript`.
 */
export const finishScript = `set -eu
umask 022
pid=$1 names=$2 size=$3 home=$4 name=$5 user=$6 workspace=$7
shift 7
${readOnly}
mount -t proc -o nosuid,nodev,noexec proc /proc
hostname -- "$name" 2>/dev/null || { printf '%s\\n' "$name" > /proc/sys/kernel/hostname; } 2>/dev/null || :
show() {
  if [ -d "/.old$1" ]; then mkdir -p -- "$2"; else mkdir -p -- "\${2%/*}" && : >> "$2"; fi
  mount --rbind "/.old$1" "$2"
}
# resolv.conf is often a link into /run. Its folder is shown, since the file is replaced when the network changes.
case $names in
  /run/*/*) names=\${names%/*} ;;
  /run/*) ;;
  *) names= ;;
esac
if [ -n "$names" ] && [ -e "/.old$names" ]; then
  show "$names" "$names"
  read_only "$names"
fi
mkdir -p -- "$home"
mount -t tmpfs -o mode=700,nosuid,nodev tazpod "$home"
mkdir -- "$home/secrets"
# programs such as ssh want a name for their user
if ! getent passwd "$(id -u)" >/dev/null; then
  { cat /etc/passwd; printf '%s\\n' "$user"; } > /run/passwd
  mount --bind /run/passwd /etc/passwd
  rm /run/passwd
  read_only /etc/passwd
fi
if [ "$workspace" = copy ]; then mount -t tmpfs -o mode=755,nosuid,nodev tazpod /workspace; fi
mount -t tmpfs -o "mode=700,nosuid,nodev,noexec,size=$size" tazpod "$home/secrets"
while [ "$#" -gt 0 ]; do
  show "$1" "$2"
  if [ "$3" = ro ]; then read_only "$2"; fi
  shift 3
done
# hides the vault's folder
if [ -d ${vaultCover} ]; then mount -t tmpfs -o ro,nosuid,nodev,size=4k,mode=555 tazpod ${vaultCover}; fi
umount -l /.old
rmdir /.old
# programs inside must not replace what runs on entering, or set programs that the kernel runs
mount --bind /proc/sys /proc/sys
read_only /proc/sys
mount -o remount,ro /
printf '%s\\n' "$pid"
read -r go || exit 1
exec </dev/null >/dev/null 2>&1
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all \\
  sh -c 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait "$!"; done'`;
