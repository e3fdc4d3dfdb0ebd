# A Docker engine of our own where none runs. Sourced; needs $work. Sets DOCKER_HOST and, if it started one, engine_pid.
engine_pid=

engine_start() {
  if docker info >/dev/null 2>&1; then
    echo "engine: the one that runs, $(docker info --format '{{.ServerVersion}}')" >&2
    return
  fi
  if ! command -v dockerd >/dev/null || ! command -v iptables >/dev/null; then
    [ "$(id -u)" = 0 ] || { echo "compose-test: no Docker engine answers, and to start one needs root" >&2; return 2; }
    apt-get update -qq && apt-get install -y -qq --no-install-recommends docker.io iptables >/dev/null
  fi
  mkdir -p "$work/engine"
  export DOCKER_HOST="unix://$work/engine/docker.sock"
  dockerd --data-root "$work/engine/data" --exec-root "$work/engine/exec" --pidfile "$work/engine/dockerd.pid" \
    --host "$DOCKER_HOST" --storage-driver overlay2 >"$work/engine/dockerd.log" 2>&1 &
  engine_pid=$!
  until docker info >/dev/null 2>&1; do
    kill -0 "$engine_pid" 2>/dev/null || { tail -5 "$work/engine/dockerd.log" >&2; echo "compose-test: dockerd ended (above: its log)" >&2; return 2; }
    sleep 0.2
  done
  echo "engine: started, $(docker info --format '{{.ServerVersion}}, {{.Driver}}')" >&2
}

engine_stop() {
  [ -n "$engine_pid" ] || return 0
  kill "$engine_pid" && wait "$engine_pid" || true
  engine_pid=
}

# BuildKit's command, which Debian's docker.io has not: from its Go module, for this test alone.
buildx_install() {
  ! docker buildx version >/dev/null 2>&1 || return 0
  local version=v0.29.1 source
  export DOCKER_CONFIG=$work/docker
  local plugin=$DOCKER_CONFIG/cli-plugins/docker-buildx
  if ! [ -x "$plugin" ]; then
    command -v go >/dev/null || { echo "compose-test: docker has no buildx, and there is no Go to build it with" >&2; return 2; }
    echo "buildx: built from its Go module, $version" >&2
    # In a copy of the module: its go.mod excludes versions, which `go install` does not take.
    source=$(go mod download -json "github.com/docker/buildx@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
    rm -rf "$work/buildx" && cp -r "$source" "$work/buildx" && chmod -R u+w "$work/buildx"
    mkdir -p "${plugin%/*}"
    (cd "$work/buildx" && go build -trimpath -o "$plugin.partial" ./cmd/buildx) >"$work/buildx.log" 2>&1 || { tail -5 "$work/buildx.log" >&2; return 2; }
    mv "$plugin.partial" "$plugin"
    rm -rf "$work/buildx"
  fi
}
