# "docker buildx bake --push" builds every image for every architecture. No emulator is needed, see the Dockerfile.

# With its slash at the end: "registry.example.com/".
variable "REGISTRY" { default = "" }
variable "TAG" { default = "dev" }
variable "PLATFORMS" { default = "linux/amd64,linux/arm64" }
variable "BASE" { default = "node:24-bookworm-slim" }
variable "ENVOY" { default = "envoyproxy/envoy:v1.40.0" }
# The commit, for who looks into an image.
variable "REVISION" { default = "" }

group "default" { targets = ["image"] }

target "image" {
  matrix     = { name = ["webhook", "processor", "insights", "commands", "tools", "platform", "gateway"] }
  name       = name
  context    = "."
  dockerfile = "deploy/images/Dockerfile"
  target     = name
  platforms  = split(",", PLATFORMS)
  tags       = ["${REGISTRY}fleetstream/${name}:${TAG}"]
  args       = { BASE = BASE, ENVOY = ENVOY }
  labels = {
    "org.opencontainers.image.title"    = "fleetstream/${name}"
    "org.opencontainers.image.version"  = TAG
    "org.opencontainers.image.revision" = REVISION
  }
}
