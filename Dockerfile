# One image for each service: docker build --target consumer|web|producer|trainer .
#
# Plain Dockerfile instructions only, so that the classic builder and BuildKit both build it. Base images are pinned by
# tag here; pin them by digest with --build-arg RUST_IMAGE=…@sha256:… and RUNTIME_IMAGE=…@sha256:….
ARG RUST_IMAGE=rust:1.95-bookworm
# glibc, libgcc, OpenSSL 3 and CA certificates of Debian 12; no shell, no package manager.
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${RUST_IMAGE} AS chef
ARG CARGO_CHEF_VERSION=0.1.78
RUN cargo install cargo-chef --locked --version "${CARGO_CHEF_VERSION}"
WORKDIR /build

# The manifests and the lock file alone: what follows is built again only when they change.
FROM chef AS plan
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

FROM chef AS build
# zlib is linked into the binary, since the runtime image has none. Symbols are of no use where no debugger is.
ENV LIBZ_SYS_STATIC=1 \
    CARGO_PROFILE_RELEASE_STRIP=symbols \
    CARGO_INCREMENTAL=0
COPY --from=plan /build/recipe.json recipe.json
RUN cargo chef cook --locked --release --recipe-path recipe.json \
    --package verdict-consumer --package verdict-producer --package verdict-trainer --package verdict-web
COPY . .
# An empty folder, whose owner a new volume that is mounted there takes over.
RUN cargo build --locked --release \
    --package verdict-consumer --package verdict-producer --package verdict-trainer --package verdict-web \
 && mkdir -p /out/empty \
 && cp target/release/consumer target/release/producer target/release/trainer target/release/web /out/

FROM ${RUNTIME_IMAGE} AS service
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="https://github.com/verdict-rs/verdict" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
USER 65532:65532
WORKDIR /srv/verdict
COPY LICENSE LICENSE-APACHE LICENSE-MIT /usr/share/doc/verdict/

FROM service AS producer
LABEL org.opencontainers.image.title="verdict-producer" \
      org.opencontainers.image.description="Creates Verdict's topics and publishes reviews in bulk"
ENV VERDICT_LISTEN=0.0.0.0:9102
EXPOSE 9102
COPY --from=build /out/producer /usr/local/bin/producer
ENTRYPOINT ["/usr/local/bin/producer"]

FROM service AS trainer
LABEL org.opencontainers.image.title="verdict-trainer" \
      org.opencontainers.image.description="Trains, evaluates and explains Verdict's models, and lets the better one serve"
ENV VERDICT_LISTEN=0.0.0.0:9103 \
    VERDICT_REGISTRY=/srv/verdict/models/registry
EXPOSE 9103
COPY --from=build /out/trainer /usr/local/bin/trainer
COPY models/default models/default
COPY params.yaml params.yaml
COPY --from=build --chown=65532:65532 /out/empty models/registry
COPY --from=build --chown=65532:65532 /out/empty work
ENTRYPOINT ["/usr/local/bin/trainer"]

FROM service AS web
LABEL org.opencontainers.image.title="verdict-web" \
      org.opencontainers.image.description="The frontend of Verdict: a page and an HTTP interface that publish reviews and await their verdicts over Kafka"
ENV VERDICT_LISTEN=0.0.0.0:8080
EXPOSE 8080
COPY --from=build /out/web /usr/local/bin/web
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/local/bin/web", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/web"]

FROM service AS consumer
LABEL org.opencontainers.image.title="verdict-consumer" \
      org.opencontainers.image.description="Scores reviews from Kafka and writes verdicts, dead letters and replies"
ENV VERDICT_LISTEN=0.0.0.0:9101
EXPOSE 9101
COPY --from=build /out/consumer /usr/local/bin/consumer
COPY models/default models/default
COPY --from=build --chown=65532:65532 /out/empty models/registry
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/local/bin/consumer", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/consumer"]
