# Images that stand in for those that cannot be pulled here, under the names that Dockerfile and
# docker-compose.yml have. Sourced; needs $root and $work. An image that exists under such a name is
# left alone, so a real one is used.

standins=$root/tools/compose-test/standins

rust_image() { sed -n 's/^ARG RUST_IMAGE=//p' "$root/Dockerfile"; }
compose_image() { sed -n "/^ *image: *$(sed 's#/#\\/#g' <<<"$1"):/{s/^ *image: *//p;q}" "$root/docker-compose.yml"; }

exists() { docker image inspect "$1" >/dev/null 2>&1; }
label() { docker image inspect --format "{{index .Config.Labels \"$2\"}}" "$1"; }
is_standin() { [ "$(label "$1" verdict.standin)" = true ]; }
lock() { sha256sum "$root/Cargo.lock" | cut -d' ' -f1; }

# standin NAME TAG CONTEXT [ARGUMENT…]: on the host's network, to fetch as this machine does.
standin() {
  echo "stand-in: $2" >&2
  local dockerfile="$standins/$1.Dockerfile" tag=$2 context=$3
  shift 3
  docker build --quiet --network host --label verdict.standin=true "$@" --tag "$tag" --file "$dockerfile" "$context" >"$work/standin.log" 2>&1 \
    || { tail -20 "$work/standin.log" >&2; return 1; }
}

debian() {
  exists verdict-standin/debian:bookworm && return
  echo "stand-in: Debian by debootstrap" >&2
  command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
  rm -rf "$work/debian"
  # From where a Debian machine has its own packages; elsewhere debootstrap knows a mirror.
  local mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1)}
  debootstrap --variant=minbase --include=ca-certificates bookworm "$work/debian" ${mirror:+"$mirror"} >"$work/debootstrap.log"
  tar -C "$work/debian" --one-file-system --exclude='./var/cache/apt/archives/*.deb' -c . | docker import - verdict-standin/debian:bookworm >/dev/null
  rm -rf "$work/debian"
}

# The crates that the workspace and cargo's tools are built from, in a folder that needs no network.
rust_context() {
  local tool version manifest
  for tool in cargo-auditable cargo-chef cargo-cyclonedx; do
    version=$(sed -n "s/^ARG $(tr a-z- A-Z_ <<<"$tool")_VERSION=//p" "$root/Dockerfile")
    mkdir -p "$work/$tool/src"
    printf '[package]\nname = "fetch"\nversion = "0.0.0"\n[workspace]\n[dependencies]\n%s = "=%s"\n' "$tool" "$version" >"$work/$tool/Cargo.toml"
    : >"$work/$tool/src/lib.rs"
    cargo fetch --quiet --manifest-path "$work/$tool/Cargo.toml"
    # With the versions of its own lock file, as `cargo install --locked` takes them.
    manifest=$(echo "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"$tool-$version"/Cargo.toml)
    cargo fetch --quiet --locked --manifest-path "$manifest"
  done
  cargo fetch --quiet --locked --manifest-path "$root/Cargo.toml"
  rm -rf "$work/rust" && mkdir -p "$work/rust/toolchain" "$work/rust/registry"
  cp -a "${CARGO_HOME:-$HOME/.cargo}"/registry/{index,cache} "$work/rust/registry/"
  local sysroot; sysroot=$(rustc --print sysroot)
  cp -a "$sysroot"/{bin,lib,libexec} "$work/rust/toolchain/"
}

# Kafka's jars, from the pom.xml of tools/kafka.
kafka_context() {
  rm -rf "$work/kafka" && mkdir -p "$work/kafka"
  mvn --batch-mode --quiet --strict-checksums --file "$root/tools/kafka/pom.xml" dependency:copy-dependencies \
    -DincludeScope=runtime "-DoutputDirectory=$work/kafka/libs" >&2
  cp "$standins"/kafka/* "$work/kafka/"
}

# What is needed to build our images.
standins_to_build() {
  local rust; rust=$(rust_image)
  # It holds the crates of one lock file, so another one needs another stand-in.
  if ! exists "$rust" || { is_standin "$rust" && [ "$(label "$rust" verdict.lock)" != "$(lock)" ]; }; then
    debian
    rust_context
    standin rust "$rust" "$work/rust" --label "verdict.lock=$(lock)"
    rm -rf "$work/rust"
  fi
}

# What docker-compose.yml runs beside them. Grafana, Jaeger and MLflow have no stand-in: no package
# has them.
standins_to_run() {
  local kafka prometheus; kafka=$(compose_image apache/kafka) prometheus=$(compose_image prom/prometheus)
  if ! exists "$kafka"; then
    debian
    kafka_context
    standin kafka "$kafka" "$work/kafka"
    rm -rf "$work/kafka"
  fi
  if ! exists "$prometheus"; then
    debian
    standin prometheus "$prometheus" "$standins"
  fi
}
