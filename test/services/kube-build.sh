#!/usr/bin/env bash
# Makes the programs of the Kubernetes that kube.sh starts, once: in ${KUBE_CACHE:-~/.cache/tazpod-test-kube}, and prints that.
# usage: kube-build.sh     (about 4 minutes of two cores at a quiet time, 3 GB of disk while it works, 300 MB afterwards)
# Packages (Debian 12): dpkg-dev patch
# It is Debian's source of Kubernetes 1.20.2, which is the last with all its dependencies in it, built with Debian's Go. Go, etcd
# and kubectl are only unpacked: their packages would start a service and fill the machine.
set -eEuo pipefail
trap 'echo "kube-build.sh: failed at line $LINENO" >&2' ERR
version=1.20.2
cache=${KUBE_CACHE:-$HOME/.cache/tazpod-test-kube}
work=$cache/work
done=$cache/bin/.done-$version

# With lists of its own, so that the machine's stay as they are.
fetch() {
  cat >"$work/bookworm.sources" <<SOURCES
Types: deb deb-src
URIs: $(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')
Suites: bookworm
Components: main
Architectures: $(dpkg --print-architecture)
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
  local apt=(apt-get -qq -o "Dir::Etc::SourceList=$work/bookworm.sources" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work" -o APT::Sandbox::User=root)
  cd "$work"
  "${apt[@]}" update
  "${apt[@]}" download golang-1.19-go golang-1.19-src etcd-server kubernetes-client golang-github-modern-go-reflect2-dev
  "${apt[@]}" source --download-only kubernetes
  local package
  for package in *.deb; do dpkg-deb -x "$package" root; done
  dpkg-source --no-check -x kubernetes_*.dsc "$1"
}

compile() {
  export GOROOT=$work/root/usr/lib/go-1.19 GOPATH=$work/go GOCACHE=$work/gocache HOME=$work/home
  export PATH=$GOROOT/bin:$PATH GO111MODULE=off GOPROXY=off GOFLAGS=-trimpath CGO_ENABLED=0
  cd "$1"
  # the copy in the source panics under a Go as new as this, over the first map that it writes
  rm vendor/github.com/modern-go/reflect2/*.{go,s}
  cp "$work"/root/usr/share/gocode/src/github.com/modern-go/reflect2/*.go vendor/github.com/modern-go/reflect2/
  : >vendor/github.com/modern-go/reflect2/empty.s
  # the one file that the source lacks, made as its Makefile makes it
  nice go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  nice "$work/openapi-gen" --logtostderr -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi \
    -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$work/violations" \
    -i "$(grep -rl --include=*.go '+k8s:openapi-gen=' pkg plugin cmd staging/src/k8s.io |
      grep -v -e /code-generator/ -e /sample-apiserver/ -e _test.go | xargs -n1 dirname | sort -u |
      sed 's,^staging/src/,vendor/,; s,^,k8s.io/kubernetes/,' | paste -sd,)"
  cmp "$work/violations" api/api-rules/violation_exceptions.list
  local flags="-s -w" at
  for at in component-base/version client-go/pkg/version; do
    at=k8s.io/kubernetes/vendor/k8s.io/$at
    flags+=" -X $at.gitVersion=v$version -X $at.gitMajor=1 -X $at.gitMinor=20 -X $at.gitTreeState=archive"
  done
  # without the cloud providers, which none needs
  nice go build -tags providerless -gcflags all=-dwarf=false -ldflags "$flags" -o "$cache/bin/" \
    ./cmd/{kube-apiserver,kubelet,kube-controller-manager,kube-scheduler}
}

if ! [ -e "$done" ]; then
  mkdir -p "$cache"
  exec 8>"$cache/lock"
  flock 8
fi
# perhaps by another, meanwhile
if ! [ -e "$done" ]; then
  rm -rf "$work"
  mkdir -p "$work"/{lists/partial,archives/partial,home} "$work/go/src/k8s.io" "$cache/bin"
  (fetch "$work/go/src/k8s.io/kubernetes") >&2
  (compile "$work/go/src/k8s.io/kubernetes") >&2
  cp "$work"/root/usr/bin/{etcd,kubectl} "$cache/bin/"
  touch "$done"
  rm -rf "$work"
fi
echo "$cache"
