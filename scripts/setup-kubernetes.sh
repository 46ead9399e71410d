#!/usr/bin/env bash
# A Kubernetes control plane for the lab: etcd from the distribution; apiserver, controller-manager, scheduler and kwok (which
# plays kubelets) in a folder of the cache, built from tools/kubernetes (go.sum pins them). The build takes 500 s of CPU time
# with a full module cache, 11 minutes on 2 cores with an empty one, once. Beside it, the resource definitions of Istio, from its own
# module. Quiet when they are there.
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.36.3
cache="${GANTRY_CACHE:-$HOME/.cache/gantry}"
target="$cache/kubernetes-$version"
istio_version=1.31.4
istio_sum='h1:AcnncYrlDj1PJkym7h88Gggkef4MAra8QpGaXRMsr+E='
istio="$cache/istio-definitions-$istio_version.yaml"

command -v etcd >/dev/null || scripts/apt-install.sh setup-kubernetes etcd etcd-server
[[ -e "$target/.complete" && -e "$istio" ]] && exit 0

if ! command -v go >/dev/null; then
  echo 'setup-kubernetes: there is no Go here to build Kubernetes with. Install Go 1.26.0 or newer, then: scripts/setup-kubernetes.sh' >&2
  exit 1
fi
have="$(cd / && GOTOOLCHAIN=local go env GOVERSION)"
have="${have#go}"
if [[ "$(printf '%s\n1.26.0\n' "$have" | sort -V | head -1)" != 1.26.0 ]]; then
  echo "setup-kubernetes: building Kubernetes needs Go 1.26.0 or newer, this is $have. Install a newer Go, then: scripts/setup-kubernetes.sh" >&2
  exit 1
fi

if [[ ! -e "$istio" ]]; then
  mkdir -p "$cache"
  if ! module="$(cd / && go mod download -json "istio.io/api@v$istio_version")"; then
    echo 'setup-kubernetes: the module istio.io/api cannot be had; is the Go module proxy reachable (go env GOPROXY)?' >&2
    exit 1
  fi
  field() { sed -n "s/^\t\"$1\": \"\(.*\)\",\{0,1\}\$/\1/p" <<<"$module"; }
  if [[ "$(field Sum)" != "$istio_sum" ]]; then
    echo "setup-kubernetes: istio.io/api v$istio_version has the sum $(field Sum), not $istio_sum" >&2
    exit 1
  fi
  # A module's files are read-only, and so would the copy be.
  install -m 644 "$(field Dir)/kubernetes/customresourcedefinitions.gen.yaml" "$istio.$$"
  mv "$istio.$$" "$istio"
fi
[[ -e "$target/.complete" ]] && exit 0

# Under another name first: a build that is cut short must not leave half of it where the cache is looked up.
building="$target.$$"
log="$cache/kubernetes-build.log"
trap 'rm -rf "$building"' EXIT
mkdir -p "$building"
echo "setup-kubernetes: building Kubernetes $version and kwok, once (about 11 minutes on 2 cores); log: $log"
# What /version answers: built from its module, it would call itself v0.0.0-master.
named="-X k8s.io/component-base/version.gitVersion=v$version -X k8s.io/component-base/version.gitMajor=${version%%.*}"
named="$named -X k8s.io/component-base/version.gitMinor=$(cut -d. -f2 <<<"$version")"
build() { (cd tools/kubernetes && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w $named" -o "$building/" "$@"); }
if ! build k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler} sigs.k8s.io/kwok/cmd/kwok >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo 'setup-kubernetes: the build failed; is the Go module proxy reachable (go env GOPROXY)?' >&2
  exit 1
fi
# How kwok plays a kubelet: its own stages, from the module at the same version.
stages="$(cd tools/kubernetes && go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage"
for stage in node/fast/node-initialize node/heartbeat/node-heartbeat pod/fast/pod-ready pod/fast/pod-complete pod/fast/pod-delete; do
  echo '---'
  cat "$stages/$stage.yaml"
done >"$building/stages.yaml"
touch "$building/.complete"
rm -rf "$target"
mv "$building" "$target"
