#!/usr/bin/env bash
# A small image for tests, made without a registry from Debian's busybox-static.
# usage: test-image.sh [NAME] [--engine docker|podman] [--user NAME|none] [--without PROGRAM]...
#   NAME       tazpod-test:1 unless given
#   --user     the image's default user: tazpod (uid 1000) unless given; `none` leaves it to be root
#   --without  leaves a program out: `--without tar`, `--without sh` make images that lack what tazpod needs
# Prints NAME.
set -eEuo pipefail
name=tazpod-test:1 engine=docker user=tazpod without=" "
while [ $# -gt 0 ]; do
  case $1 in
    --engine) engine=$2; shift 2 ;;
    --user) user=$2; shift 2 ;;
    --without) without+="$2 "; shift 2 ;;
    -*) echo "test-image.sh: unknown option $1" >&2; exit 2 ;;
    *) name=$1; shift ;;
  esac
done
busybox=$(command -v busybox) || { echo "test-image.sh: busybox is missing (apt-get install busybox-static)" >&2; exit 1; }

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root" # the image's / gets this mode; mktemp's 700 would shut out every user but root
mkdir -p "$root"/{bin,etc,dev,proc,sys,run,var/tmp,usr/bin,root,home/tazpod}
install -d -m 1777 "$root/tmp" "$root/var/tmp"
chmod 700 "$root/root"
cp "$busybox" "$root/bin/busybox"
for applet in $("$busybox" --list); do
  case $applet in busybox) continue ;; esac
  case $without in *" $applet "*) continue ;; esac
  ln -s busybox "$root/bin/$applet"
done
printf 'root:x:0:0:root:/root:/bin/sh\ntazpod:x:1000:1000:tazpod:/home/tazpod:/bin/sh\n' > "$root/etc/passwd"
printf 'root:x:0:\ntazpod:x:1000:\n' > "$root/etc/group"
# busybox's sh runs applets that have no file; the shell of an image that lacks one must be another.
if [ "$without" != " " ] && [ -L "$root/bin/sh" ]; then
  cp --remove-destination "$(command -v dash)" "$root/bin/sh"
  ldd "$root/bin/sh" | grep -o '/[^ ]*' | while read -r library; do
    install -D "$(readlink -f "$library")" "$root$library"
  done
fi
changes=(--change 'ENV PATH=/usr/bin:/bin')
[ "$user" = none ] || changes+=(--change "USER $user")
# Owners are written into the archive, so this needs no root.
trap 'rm -rf "$root" "$root.tar"' EXIT
tar -C "$root" --owner=0 --group=0 --numeric-owner --exclude=./home/tazpod -cf "$root.tar" .
tar -C "$root" --owner=1000 --group=1000 --numeric-owner --no-recursion -rf "$root.tar" ./home/tazpod
"$engine" import "${changes[@]}" "$root.tar" "$name" >/dev/null
echo "$name"
