#!/bin/sh
# Builds every image for every architecture and pushes them, tagged with the commit. Nothing is tagged "latest":
# a deployment names the commit that it brings.
set -eu
: "${REGISTRY:?the secret registry, such as registry.example.com}"
: "${REGISTRY_USERNAME:?the secret registry_username}"
: "${REGISTRY_PASSWORD:?the secret registry_password}"
: "${DRONE_COMMIT_SHA:?Drone sets it}"
: "${DRONE_BUILD_NUMBER:?Drone sets it}"

builder=fleetstream-$DRONE_BUILD_NUMBER
umask 077
work=$(mktemp -d)
clean_up() {
  docker buildx rm --force "$builder" > /dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

# Written, not logged in: a password among the arguments could be read by every process of the machine.
export DOCKER_CONFIG="$work/docker"
mkdir "$DOCKER_CONFIG"
printf '{"auths":{"%s":{"auth":"%s"}}}\n' "$REGISTRY" \
  "$(printf '%s:%s' "$REGISTRY_USERNAME" "$REGISTRY_PASSWORD" | base64 | tr -d '\n')" > "$DOCKER_CONFIG/config.json"

# The registry beside Drone has no certificate and a name of its own network only.
set --
if [ "${REGISTRY_HTTP:-false}" = true ]; then
  printf '[registry."%s"]\n  http = true\n' "$REGISTRY" > "$work/buildkitd.toml"
  set -- --buildkitd-config "$work/buildkitd.toml" --driver-opt "network=${REGISTRY_NETWORK:-fleetstream-drone}"
fi
docker buildx create --name "$builder" --driver docker-container "$@" > /dev/null

export TAG REVISION="$DRONE_COMMIT_SHA"
TAG=$(printf %.12s "$DRONE_COMMIT_SHA")
REGISTRY="$REGISTRY/" docker buildx bake --builder "$builder" --file docker-bake.hcl --push
echo "Pushed the images of $TAG."
