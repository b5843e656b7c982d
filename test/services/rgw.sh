#!/usr/bin/env bash
# A real S3 server for tests: a one-node Ceph with its RADOS Gateway, objects in RAM, the rest in one folder.
# usage: rgw.sh up [DIR] | down [DIR]     (DIR: ${TMPDIR:-/tmp}/tazpod-rgw unless given)
# Packages (Debian): ceph-mon ceph-mgr ceph-osd ceph-common radosgw uuid-runtime curl
# Holds ${RGW_BYTES:-4294967296} bytes; what was removed or replaced is gone after some seconds.
# Serves http://127.0.0.1:${RGW_PORT:-7480}, region eu-central-1, key RGWTESTKEY, secret RGWTESTSECRET.
set -eEuo pipefail
trap 'echo "rgw.sh: failed at line $LINENO; see ${dir:-}/log" >&2' ERR
action=${1:-up}
dir=${2:-${TMPDIR:-/tmp}/tazpod-rgw}
port=${RGW_PORT:-7480}
mon_port=${RGW_MON_PORT:-6789}
export CEPH_CONF=$dir/ceph.conf

down() {
  local pidfile pid pids='' alive=0
  for pidfile in "$dir"/run/*.pid; do
    [ -e "$pidfile" ] && kill "$(cat "$pidfile")" 2>/dev/null || true
  done
  for _ in $(seq 50); do
    pids=$(cat "$dir"/run/*.pid 2>/dev/null || true)
    alive=0
    for pid in $pids; do kill -0 "$pid" 2>/dev/null && alive=1; done
    [ "$alive" = 0 ] && break
    sleep 0.2
  done
  # the gateway waits for its store, which may be full or gone
  if [ "$alive" = 1 ]; then for pid in $pids; do kill -KILL "$pid" 2>/dev/null || true; done; fi
  rm -rf "$dir"
}

up() {
  [ -e "$dir" ] && down
  mkdir -p "$dir"/{mon,mgr,osd,log,run}
  local fsid osd_uuid
  fsid=$(uuidgen)
  cat > "$CEPH_CONF" <<CONF
[global]
fsid = $fsid
mon initial members = a
mon host = v1:127.0.0.1:$mon_port
auth cluster required = none
auth service required = none
auth client required = none
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd crush chooseleaf type = 0
osd objectstore = memstore
osd class update on start = false
osd crush update on start = false
memstore device bytes = ${RGW_BYTES:-4294967296}
mon allow pool size one = true
mon data avail warn = 1
mon data avail crit = 0
mon data = $dir/mon
mgr data = $dir/mgr
osd data = $dir/osd
log file = $dir/log/\$name.log
pid file = $dir/run/\$name.pid
admin socket = $dir/run/\$name.asok
rgw gc obj min wait = 10
rgw gc processor period = 10
rgw gc processor max time = 10
rgw frontends = beast endpoint=127.0.0.1:$port
CONF
  monmaptool --create --fsid "$fsid" --addv a "[v1:127.0.0.1:$mon_port]" "$dir/monmap" >/dev/null
  ceph-mon --mkfs -i a --monmap "$dir/monmap"
  ceph-mon -i a
  ceph-mgr -i a
  osd_uuid=$(uuidgen)
  timeout 60 ceph osd new "$osd_uuid" >/dev/null
  timeout 60 ceph-osd -i 0 --mkfs --osd-uuid "$osd_uuid" --fsid "$fsid" --monmap "$dir/monmap" 2>/dev/null
  # placed by hand: the daemon's own update at start races with its first monitor map ('wrong fsid', now and then)
  timeout 60 ceph osd crush add osd.0 1 root=default >/dev/null 2>&1
  timeout 60 ceph-osd -i 0 --fsid "$fsid" 2>/dev/null
  timeout 120 radosgw-admin user create --uid=tazpod --display-name=tazpod --max-buckets=100000 \
    --access-key=RGWTESTKEY --secret=RGWTESTSECRET >/dev/null 2>&1
  # the zonegroup answers to the region name that clients sign with
  timeout 120 radosgw-admin zonegroup get --rgw-zonegroup=default 2>/dev/null |
    sed 's/"api_name": "[^"]*"/"api_name": "eu-central-1"/' > "$dir/zonegroup.json"
  timeout 120 radosgw-admin zonegroup set --rgw-zonegroup=default < "$dir/zonegroup.json" >/dev/null 2>&1
  timeout 120 radosgw -n client.rgw.a
  for _ in $(seq 120); do
    [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port")" = 200 ] && { echo "http://127.0.0.1:$port"; return; }
    sleep 0.5
  done
  echo "rgw.sh: no answer on port $port; see $dir/log" >&2
  exit 1
}

# A monitor on a loaded machine may miss a time limit, so it is begun anew, twice.
start() {
  local attempt
  for attempt in 1 2 3; do
    "$0" once "$dir" && return
    echo "rgw.sh: attempt $attempt failed; the ends of its logs:" >&2
    tail -n 5 "$dir"/log/*.log >&2 || true
    down
  done
  exit 1
}

case $action in up) start ;; once) up ;; down) down ;; *) echo "usage: rgw.sh up|down [DIR]" >&2; exit 2 ;; esac
