#!/bin/sh
# deploy.sh services: the Robot Command Service, the other services and what they need, at this commit.
# deploy.sh gateway: the gateway's configuration, its listeners and routes.
# Where to, DRONE_DEPLOY_TO says: an overlay in deploy/kubernetes, and a context of the same name in the kubeconfig.
set -eu
part=${1:?services or gateway}
: "${DRONE_DEPLOY_TO:?Drone sets it in a promotion or a rollback}"
: "${DRONE_COMMIT_SHA:?Drone sets it}"
: "${REGISTRY:?the secret registry, such as registry.example.com}"
: "${KUBECONFIG_TEXT:?the secret kubeconfig}"
overlay=deploy/kubernetes/overlays/$DRONE_DEPLOY_TO
if [ ! -e "$overlay/kustomization.yaml" ]; then
  echo "There is no $overlay." >&2
  exit 2
fi

umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
printf '%s\n' "$KUBECONFIG_TEXT" > "$work/kubeconfig"
export KUBECONFIG="$work/kubeconfig"

# A copy, since the images of this commit are written into it.
cp -R deploy/kubernetes "$work/kubernetes"
cd "$work/kubernetes/overlays/$DRONE_DEPLOY_TO"
tag=$(printf %.12s "$DRONE_COMMIT_SHA")
for name in webhook processor insights commands tools; do
  kustomize edit set image "fleetstream/$name=$REGISTRY/fleetstream/$name:$tag"
done
namespace=$(sed -n 's/^namespace: *//p' kustomization.yaml)
kustomize build . > "$work/all.yaml"

cluster() {
  kubectl --context "$DRONE_DEPLOY_TO" --namespace "$namespace" "$@"
}

gateway_only='app.kubernetes.io/component=gateway'
workloads='deployment/fleetstream-commands deployment/fleetstream-webhook deployment/fleetstream-insights
  statefulset/fleetstream-processor'

case $part in
  gateway)
    cluster apply --filename "$work/all.yaml" --selector "$gateway_only"
    ;;
  services)
    # A Job can't be changed; the last one may not have removed itself yet.
    cluster delete job fleetstream-topics --ignore-not-found
    cluster apply --filename "$work/all.yaml" --selector "app.kubernetes.io/component!=gateway"
    for workload in $workloads; do
      if ! cluster rollout status "$workload" --timeout 10m; then
        echo "$workload did not come up with $tag: every service goes back to what ran before." >&2
        for undone in $workloads; do cluster rollout undo "$undone" || true; done
        exit 1
      fi
    done
    ;;
  *)
    echo "deploy.sh services|gateway" >&2
    exit 2
    ;;
esac
echo "$DRONE_DEPLOY_TO: the $part are at $tag."
