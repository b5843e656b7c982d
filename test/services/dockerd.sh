#!/usr/bin/env bash
# Docker for tests, started by hand where no init does it: its own data, sockets and pid file in one folder.
# usage: dockerd.sh up [DIR [apart]] | restart [DIR [apart]] | down [DIR]
#   DIR    ${TMPDIR:-/tmp}/tazpod-dockerd unless given; needs root
#   apart  in a network of its own, since two engines beside each other would share a bridge, and take it away from each other
# Packages (Debian): docker.io iptables
# `up` begins with nothing, `restart` with what was there; both print the DOCKER_HOST to use.
set -eEuo pipefail
action=${1:-up}
dir=${2:-${TMPDIR:-/tmp}/tazpod-dockerd}
host=unix://$dir/docker.sock
apart=${3:-}

# one that has ended and that nobody has waited for is not alive
alive() { [ -s "$1" ] && grep -qs '^State:[[:space:]]*[^Z[:space:]]' "/proc/$(cat "$1")/status"; }

stop() {
  if alive "$dir/pid"; then
    kill "$(cat "$dir/pid")"
    for _ in $(seq 150); do alive "$dir/pid" || break; sleep 0.2; done
    if alive "$dir/pid"; then kill -9 "$(cat "$dir/pid")"; fi
  fi
  # What a killed daemon leaves mounted would be emptied by the rm.
  awk -v dir="$dir/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | sort -r |
    while read -r mount; do umount -l "$mount" || true; done
}

down() {
  stop
  rm -rf "$dir"
}

up() {
  if alive "$dir/pid" && docker -H "$host" version >/dev/null 2>&1; then echo "$host"; return; fi
  if [ -e "$dir" ]; then down; fi
  start
}

start() {
  mkdir -p "$dir"
  local network=()
  [ "$apart" = apart ] && network=(unshare --net)
  setsid "${network[@]}" dockerd --data-root "$dir/data" --exec-root "$dir/exec" -H "$host" -p "$dir/pid" >"$dir/log" 2>&1 </dev/null &
  for _ in $(seq 150); do
    docker -H "$host" version >/dev/null 2>&1 && { echo "$host"; return; }
    sleep 0.2
  done
  echo "dockerd.sh: no answer on $host:" >&2
  tail -n 20 "$dir/log" >&2
  exit 1
}

case $action in
  up) up ;;
  restart) stop; start ;;
  down) down ;;
  *) echo "usage: dockerd.sh up|restart|down [DIR]" >&2; exit 2 ;;
esac
