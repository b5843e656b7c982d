#!/usr/bin/env bash
# A real Kubernetes 1.20 for tests: API server, etcd, scheduler, controllers, and a kubelet with a Docker engine of its own.
# usage: kube.sh up [DIR] | down [DIR] | stop PART [DIR] | start PART [DIR]     (DIR: ${TMPDIR:-/tmp}/tazpod-kube unless given; needs root)
#   up     begins with nothing, and prints DIR, for TAZPOD_TEST_KUBE; the first time kube-build.sh makes the programs
#   stop   kills a part alone, with no time to say goodbye, and `start` starts it again: kube-apiserver, kubelet, etcd, dockerd,
#          kube-scheduler or kube-controller-manager
# Packages (Debian): docker.io busybox-static openssl socat, and those of kube-build.sh
# Serves https://127.0.0.1:${KUBE_PORT:-16443}, and takes the four ports after it, too. In DIR are
#   admin.kubeconfig  of a user who may do everything
#   kubectl           the one of this Kubernetes
#   docker.sock       the node's engine (`docker -H unix://DIR/docker.sock load`); it has the test image
#   log/audit.log     a line of JSON for each request that was answered, except those of the parts themselves
# It refuses pods by quota and by a webhook of the test's own; Pod Security Admission is newer, and this one's predecessor
# would refuse the pods of everyone whom nothing allows them.
# The parts run in a mount and process namespace of their own, so that one kill ends them all, and no mount stays behind.
set -eEuo pipefail
trap 'echo "kube.sh: failed at line $LINENO; see ${dir:-}/log" >&2' ERR
here=$(dirname "$(readlink -f "$0")")
usage() { echo "usage: kube.sh up|down [DIR], kube.sh stop|start PART [DIR]" >&2; exit 2; }
action=${1:-up} part=
case $action in
  up | down | inside) ;;
  stop | start) part=${2:-}; [ -n "$part" ] || usage; shift ;;
  *) usage ;;
esac
dir=${2:-${TMPDIR:-/tmp}/tazpod-kube}
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
port=$(cat "$dir/port" 2>/dev/null) || port=
[ "$action" = up ] || [ -n "$port" ] || port=16443
kubectl() { "$dir/kubectl" --kubeconfig "$dir/admin.kubeconfig" "$@"; }

# ---- keys and settings

keys() {
  mkdir -m 700 "$dir/pki"
  cd "$dir/pki"
  openssl ecparam -name prime256v1 -genkey -noout -out ca.key
  openssl req -x509 -new -key ca.key -subj /CN=tazpod-kube-ca -days 30 -out ca.crt
  sign() { # NAME SUBJECT EXTENSION
    openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
    openssl req -new -key "$1.key" -subj "$2" |
      openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" -extfile <(echo "$3") 2>/dev/null
  }
  sign apiserver /CN=kube-apiserver subjectAltName=DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.96.0.1
  sign kubelet-client /O=system:masters/CN=kube-apiserver extendedKeyUsage=clientAuth
  sign kubelet /O=system:nodes/CN=system:node:127.0.0.1 subjectAltName=IP:127.0.0.1
  openssl ecparam -name prime256v1 -genkey -noout -out sa.key
  openssl ec -in sa.key -pubout -out sa.pub 2>/dev/null
  account admin admin system:masters
  account kubelet system:node:127.0.0.1 system:nodes
  account controller-manager system:kube-controller-manager
  account scheduler system:kube-scheduler
}

account() { # NAME USER [GROUP]
  local token
  token=$(openssl rand -hex 16)
  echo "$token,$2,$2${3:+,\"$3\"}" >>tokens.csv
  (umask 077 && cat >"$dir/$1.kubeconfig") <<CONFIG
apiVersion: v1
kind: Config
current-context: tazpod-kube
clusters:
- name: tazpod-kube
  cluster: { server: "https://127.0.0.1:$port", certificate-authority-data: $(base64 -w0 ca.crt) }
users:
- name: $1
  user: { token: $token }
contexts:
- name: tazpod-kube
  context: { cluster: tazpod-kube, user: $1, namespace: default }
CONFIG
}

settings() {
  echo '{}' >"$dir/daemon.json"
  cat >"$dir/audit.yaml" <<'CONFIG'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- { level: None, users: [system:apiserver, system:kube-controller-manager, system:kube-scheduler] }
- { level: None, userGroups: [system:nodes, "system:serviceaccounts:kube-system"] }
- { level: None, nonResourceURLs: [/readyz] }
- { level: Metadata }
CONFIG
  cat >"$dir/kubelet.yaml" <<CONFIG
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
port: $((port + 4))
readOnlyPort: 0
healthzPort: 0
authentication: { anonymous: { enabled: false }, webhook: { enabled: false }, x509: { clientCAFile: "$dir/pki/ca.crt" } }
authorization: { mode: AlwaysAllow }
tlsCertFile: "$dir/pki/kubelet.crt"
tlsPrivateKeyFile: "$dir/pki/kubelet.key"
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failSwapOn: false
makeIPTablesUtilChains: false
resolvConf: ""
evictionHard: { memory.available: 0%, nodefs.available: 0%, nodefs.inodesFree: 0%, imagefs.available: 0% }
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
volumePluginDir: "$dir/volume-plugins"
featureGates: { DevicePlugins: false, SizeMemoryBackedVolumes: true }
CONFIG
  cat >"$dir/runc" <<'RUNC'
#!/bin/sh
# runc, less the oom scores below 0, for which a container needs CAP_SYS_RESOURCE
last= bundle=.
for word; do
  [ "$last" = --bundle ] && bundle=$word
  last=$word
done
case " $* " in *" create "*) sed -i 's/"oomScoreAdj":-[0-9]*/"oomScoreAdj":0/' "$bundle/config.json" ;; esac
exec runc "$@"
RUNC
  chmod 755 "$dir/runc"
}

# ---- inside the namespaces, as their first process

inside() {
  local pki=$dir/pki bin gates=SizeMemoryBackedVolumes=true
  bin=$(dirname "$(readlink "$dir/kubectl")")
  cd "$dir"
  mounts
  local etcd=http://127.0.0.1:$((port + 1)) peers=http://127.0.0.1:$((port + 2))
  spawn etcd "$bin/etcd" --name node --data-dir "$dir/etcd/data" --log-level warn --logger zap \
    --listen-client-urls "$etcd" --advertise-client-urls "$etcd" \
    --listen-peer-urls "$peers" --initial-advertise-peer-urls "$peers" --initial-cluster "node=$peers"

  # in a network of its own: two engines beside each other would share a bridge and the packet filter
  spawn dockerd unshare --net sh -c 'busybox ip link set lo up; exec dockerd "$@"' dockerd \
    --config-file "$dir/daemon.json" --data-root "$dir/docker" --exec-root "$dir/exec" -H "unix://$dir/docker.sock" -p "$dir/docker.pid" \
    --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false --userland-proxy=false --bip 10.244.0.1/24 \
    --cgroup-parent "/tazpod-kube-$port" --exec-opt native.cgroupdriver=cgroupfs \
    --add-runtime "kube=$dir/runc" --default-runtime kube

  spawn kube-apiserver "$bin/kube-apiserver" --etcd-servers "$etcd" \
    --bind-address 127.0.0.1 --secure-port "$port" --insecure-port 0 --endpoint-reconciler-type none --advertise-address 192.0.2.1 \
    --service-cluster-ip-range 10.96.0.0/24 --allow-privileged --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
    --token-auth-file "$pki/tokens.csv" --client-ca-file "$pki/ca.crt" --cert-dir "$pki" \
    --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" \
    --service-account-key-file "$pki/sa.pub" --service-account-signing-key-file "$pki/sa.key" \
    --service-account-issuer https://kubernetes.default.svc \
    --kubelet-client-certificate "$pki/kubelet-client.crt" --kubelet-client-key "$pki/kubelet-client.key" \
    --kubelet-preferred-address-types InternalIP --profiling=false --feature-gates "$gates" \
    --audit-policy-file "$dir/audit.yaml" --audit-log-path "$dir/log/audit.log"

  for _ in $(seq 300); do docker -H "unix://$dir/docker.sock" version >/dev/null 2>&1 && break; sleep 0.1; done
  images
  for _ in $(seq 600); do ready && break; sleep 0.1; done
  spawn kube-controller-manager "$bin/kube-controller-manager" --kubeconfig "$dir/controller-manager.kubeconfig" --leader-elect=false \
    --port 0 --secure-port "$((port + 3))" --bind-address 127.0.0.1 --cert-dir "$pki/cm" \
    --service-account-private-key-file "$pki/sa.key" --root-ca-file "$pki/ca.crt" --use-service-account-credentials \
    --node-monitor-grace-period 10m --feature-gates "$gates"

  spawn kube-scheduler "$bin/kube-scheduler" --kubeconfig "$dir/scheduler.kubeconfig" --leader-elect=false \
    --port 0 --secure-port 0 --feature-gates "$gates"

  spawn kubelet "$bin/kubelet" --config "$dir/kubelet.yaml" --kubeconfig "$dir/kubelet.kubeconfig" --hostname-override 127.0.0.1 \
    --root-dir "$dir/kubelet" --cert-dir "$pki" --container-runtime docker --docker-endpoint "unix://$dir/docker.sock" \
    --experimental-dockershim-root-directory "$dir/dockershim" --container-runtime-endpoint "unix://$dir/dockershim.sock" \
    --cni-cache-dir "$dir/cni" --pod-infra-container-image tazpod-kube/pause:1 --image-pull-progress-deadline 5s
  # None is to end by itself: what is left of the rest is of no use.
  wait -n || true
  echo "kube.sh: a part has ended"
}

mounts() {
  mount -t tmpfs tmpfs /run
  mkdir -p /run/lock
  mount --bind "$dir/varlog" /var/log
  [ -d /etc/docker ] && mount -t tmpfs tmpfs /etc/docker
  mount -t tmpfs tmpfs "$dir/etcd"
  # The kubelet would set these for the whole machine: it finds them set.
  local file value
  while read -r file value; do
    [ -e "/proc/sys/$file" ] || continue
    mkdir -p "$dir/sys/$(dirname "$file")"
    echo "$value" >"$dir/sys/$file"
    mount --bind "$dir/sys/$file" "/proc/sys/$file"
  done <<SYSCTLS
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
net/bridge/bridge-nf-call-iptables 1
SYSCTLS
}

# Runs a part until it ends by itself, and again after each `stop` and `start`.
spawn() { # NAME COMMAND…
  local name=$1
  shift
  (
    while :; do
      "$@" >>"$dir/log/$name.log" 2>&1 </dev/null &
      echo $! >"$dir/run/$name.pid"
      wait $! || true
      [ -e "$dir/run/$name.stopped" ] || exit 0
      rm "$dir/run/$name.pid"
      while [ -e "$dir/run/$name.stopped" ]; do sleep 0.1; done
    done
  ) &
}

images() {
  DOCKER_HOST=unix://$dir/docker.sock "$here/../../images/test-image.sh"
  tar -C / -c ./bin/busybox | docker -H "unix://$dir/docker.sock" import \
    --change 'ENTRYPOINT ["/bin/busybox","sh","-c","trap \"exit 0\" TERM INT; while :; do /bin/busybox sleep 3600 & wait $!; done"]' \
    - tazpod-kube/pause:1
}

# ---- outside

# one that has ended and that nobody has waited for is not alive
alive() { [ -n "$1" ] && grep -qs '^State:[[:space:]]*[^Z[:space:]]' "/proc/$1/status"; }

# The first process of the namespace.
first() { grep -ls "^PPid:[[:space:]]*$(cat "$dir/pid")\$" /proc/[0-9]*/status | cut -d/ -f3 | head -n 1; }

down() {
  local pid first group
  pid=$(cat "$dir/pid" 2>/dev/null) || true
  if alive "$pid"; then
    first=$(first) || true
    # it takes the first process of the namespace with it, and that one all the others
    kill -9 "$pid"
    for _ in $(seq 150); do alive "$first" || alive "$pid" || break; sleep 0.1; done
  fi
  for group in /sys/fs/cgroup/tazpod-kube-"$port" /sys/fs/cgroup/*/tazpod-kube-"$port"; do
    [ -d "$group" ] || continue
    for _ in $(seq 50); do find "$group" -depth -type d -exec rmdir {} + 2>/dev/null && break; sleep 0.1; done
  done
  rm -rf "$dir"
}

up() {
  [ "$(id -u)" = 0 ] || { echo "kube.sh: needs root" >&2; exit 2; }
  case $dir/ in /run/* | /var/run/* | /var/log/*) echo "kube.sh: not in $dir" >&2; exit 2 ;; esac
  [ ${#dir} -le 60 ] || { echo "kube.sh: too long for the sockets in it: $dir" >&2; exit 2; }
  local cache at
  cache=$("$here/kube-build.sh")
  if [ -e "$dir" ]; then down; fi
  port=${KUBE_PORT:-16443}
  for at in $(seq "$port" $((port + 4))); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$at") 2>/dev/null; then echo "kube.sh: port $at is taken; set KUBE_PORT" >&2; exit 1; fi
  done
  mkdir -p "$dir"/{log,run,varlog,etcd,sys,exec,kubelet}
  chmod 711 "$dir"
  echo "$port" >"$dir/port"
  ln -s "$cache/bin/kubectl" "$dir/kubectl"
  (keys)
  settings
  env -i PATH="$PATH" HOME="$dir" AWS_EC2_METADATA_DISABLED=true \
    setsid unshare --mount --pid --fork --kill-child --mount-proc bash "$here/kube.sh" inside "$dir" >"$dir/log/kube.sh.log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  wait_for 90 'the API server' ready
  wait_for 60 'the default service account' kubectl get serviceaccount default
  wait_for 90 'the node' node_ready
  kubectl run up --image tazpod-test:1 --image-pull-policy Never --restart Never --command -- sleep 1000 >&2
  wait_for 60 'a pod' kubectl exec up -- true
  kubectl delete pod up --grace-period 0 --force >/dev/null 2>&1
  echo "$dir"
}

ready() { kubectl get --raw /readyz >/dev/null 2>&1; }

node_ready() { kubectl get node 127.0.0.1 -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' | grep -q True; }

wait_for() { # SECONDS WHAT COMMAND…
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ! alive "$(cat "$dir/pid")" || [ $SECONDS -ge $end ]; then
      echo "kube.sh: no answer from $what:" >&2
      tail -n 5 "$dir"/log/*.log >&2
      exit 1
    fi
    sleep 0.2
  done
}

stop() {
  [ -e "$dir/run/$part.pid" ] || { echo "kube.sh: no $part runs in $dir" >&2; exit 1; }
  : >"$dir/run/$part.stopped"
  nsenter --target "$(first)" --pid sh -c "kill -KILL $(cat "$dir/run/$part.pid")"
  wait_for 10 "the end of $part" test ! -e "$dir/run/$part.pid"
}

start() {
  [ -e "$dir/run/$part.stopped" ] || { echo "kube.sh: no $part was stopped in $dir" >&2; exit 1; }
  rm "$dir/run/$part.stopped"
  wait_for 10 "$part" test -e "$dir/run/$part.pid"
  case $part in
    kube-apiserver) wait_for 90 "$part" ready ;;
    kubelet) wait_for 60 "$part" bash -c "exec 3<>/dev/tcp/127.0.0.1/$((port + 4))" ;;
  esac
}

"$action"
