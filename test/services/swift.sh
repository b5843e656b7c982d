#!/usr/bin/env bash
# A second real S3 server for tests: OpenStack Swift with its S3 API. It has no conditional writes, and objects that were
# made in parts have an ETag that a conditional copy refuses.
# usage: swift.sh up [DIR] | down [DIR]     (as root; DIR: ${TMPDIR:-/tmp}/tazpod-swift unless given)
# Packages (Debian): swift-proxy swift-account swift-container swift-object memcached curl
# Serves http://127.0.0.1:${SWIFT_PORT:-18180}, region eu-central-1, key test:tester, secret testing; takes the four ports
# after it, too.
set -eEuo pipefail
trap 'echo "swift.sh: failed at line $LINENO; see ${dir:-}/log" >&2' ERR
action=${1:-up}
dir=${2:-${TMPDIR:-/tmp}/tazpod-swift}
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
port=${SWIFT_PORT:-18180}
servers=(object container account proxy)

# Whether the process is one that `up` began: its arguments name the folder.
is_ours() { tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" | grep -qF "$dir/"; }

down() {
  local pidfile pid
  for pidfile in "$dir"/run/*.pid; do
    [ -e "$pidfile" ] || continue
    pid=$(cat "$pidfile")
    is_ours "$pid" || continue
    # with its workers
    kill -- "-$pid" 2>/dev/null || true
    for _ in $(seq 50); do is_ours "$pid" || continue 2; sleep 0.1; done
    kill -KILL -- "-$pid" 2>/dev/null || true
  done
  rm -rf "$dir"
}

# In a process group of its own.
begin() {
  local name=$1
  shift
  setsid nohup "$@" >>"$dir/log" 2>&1 </dev/null &
  echo $! >"$dir/run/$name.pid"
}

# One of the storage servers: its configuration, and the ring that leads to its only disk.
storage() {
  local name=$1 port=$2
  cat >"$dir/etc/$name-server.conf" <<CONF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $port
user = root
swift_dir = $dir/etc
devices = $dir/srv
mount_check = false
workers = 0
log_address = $dir/no-syslog
[pipeline:main]
pipeline = $name-server
[app:$name-server]
use = egg:swift#$name
CONF
  cd "$dir/etc"
  {
    swift-ring-builder "$name.builder" create 8 1 1
    swift-ring-builder "$name.builder" add "r1z1-127.0.0.1:$port/d1" 1
    swift-ring-builder "$name.builder" rebalance
  } >>"$dir/log" 2>&1
}

up() {
  [ -e "$dir" ] && down
  mkdir -p "$dir"/{etc,srv/d1,run}
  cat >"$dir/etc/swift.conf" <<CONF
[swift-hash]
swift_hash_path_suffix = tazpod
swift_hash_path_prefix = test
[storage-policy:0]
name = default
default = yes
CONF
  storage object $((port + 1))
  storage container $((port + 2))
  storage account $((port + 3))
  cat >"$dir/etc/proxy-server.conf" <<CONF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $port
user = root
swift_dir = $dir/etc
workers = 0
log_address = $dir/no-syslog
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth copy slo dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:s3api]
use = egg:swift#s3api
location = eu-central-1
s3_acl = false
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$((port + 4))
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
$(for name in healthcheck catch_errors gatekeeper listing_formats bulk copy slo dlo symlink; do
    printf '[filter:%s]\nuse = egg:swift#%s\n' "$name" "$name"
  done)
CONF
  begin memcached memcached -u root -l 127.0.0.1 -p $((port + 4)) -m 16 -P "$dir/run/memcached"
  local name
  for name in "${servers[@]}"; do
    begin "$name" /usr/bin/python3 "/usr/bin/swift-$name-server" "$dir/etc/$name-server.conf" -v
  done
  for _ in $(seq 120); do
    [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/healthcheck")" = 200 ] && answers_all && { echo "http://127.0.0.1:$port"; return; }
    sleep 0.5
  done
  echo "swift.sh: no answer on port $port; see $dir/log" >&2
  exit 1
}

# The proxy answers before the servers behind it do.
answers_all() {
  local name
  for name in "${servers[@]}"; do is_ours "$(cat "$dir/run/$name.pid")" || return 1; done
  for behind in 1 2 3; do
    curl -s -o /dev/null "http://127.0.0.1:$((port + behind))/" || return 1
  done
}

# A loaded machine may miss a time limit, so it is begun anew, twice.
start() {
  local attempt
  for attempt in 1 2 3; do
    "$0" once "$dir" && return
    echo "swift.sh: attempt $attempt failed; the end of its log:" >&2
    tail -n 20 "$dir/log" >&2 || true
    down
  done
  exit 1
}

case $action in up) start ;; once) up ;; down) down ;; *) echo "usage: swift.sh up|down [DIR]" >&2; exit 2 ;; esac
