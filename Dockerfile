# One image for each service: docker build --target consumer|web|producer|trainer .
#
# For other architectures than this machine's: --platform linux/amd64,linux/arm64; they are compiled here, for there.
# The base image is pinned by tag here; pin it by digest with --build-arg RUST_IMAGE=…@sha256:…
ARG RUST_IMAGE=rust:1.95-bookworm

FROM --platform=${BUILDPLATFORM} ${RUST_IMAGE} AS chef
ARG CARGO_AUDITABLE_VERSION=0.7.7
ARG CARGO_CHEF_VERSION=0.1.78
ARG CARGO_CYCLONEDX_VERSION=0.5.9
RUN cargo install --locked "cargo-auditable@${CARGO_AUDITABLE_VERSION}" "cargo-chef@${CARGO_CHEF_VERSION}" \
    "cargo-cyclonedx@${CARGO_CYCLONEDX_VERSION}"
WORKDIR /build

# The manifests and the lock file alone: what follows is built again only when they change.
FROM chef AS plan
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

# What is needed of Debian at run time, and nothing else.
FROM chef AS debian
ARG TARGETARCH
COPY tools/images tools/images
RUN tools/images/rootfs.sh /rootfs "${TARGETARCH}"

FROM chef AS build
ARG TARGETARCH
# zlib is linked into the binary, since the runtime image has none. Symbols are of no use where no debugger is. What is built here is
# built seldom and pulled often: link-time optimisation of everything, for smaller programs.
ENV LIBZ_SYS_STATIC=1 \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 \
    CARGO_PROFILE_RELEASE_LTO=fat \
    CARGO_PROFILE_RELEASE_STRIP=symbols \
    CARGO_INCREMENTAL=0
COPY tools/images tools/images
RUN tools/images/target.sh "${TARGETARCH}"
COPY --from=plan /build/recipe.json recipe.json
RUN tools/images/cargo.sh "${TARGETARCH}" chef cook --locked --release --recipe-path recipe.json \
    --package verdict-consumer --package verdict-producer --package verdict-trainer --package verdict-web
COPY . .
# The binaries name the crates that they were built of (cargo-auditable); an empty folder, whose owner a new volume that is mounted
# there takes over.
RUN tools/images/cargo.sh "${TARGETARCH}" auditable build --locked --release \
    --package verdict-consumer --package verdict-producer --package verdict-trainer --package verdict-web \
 && mkdir -p /out/empty \
 && cd "target/$(tools/images/triple.sh "${TARGETARCH}")/release" \
 && cp consumer producer trainer web /out/
RUN tools/images/sbom.sh "${TARGETARCH}" /out

# The bills of materials alone: docker buildx build --target sbom --output dist .
FROM scratch AS sbom
COPY --from=build /out/*.cdx.json /

FROM scratch AS service
COPY --from=debian /rootfs /
ENV PATH=/usr/local/bin \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
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
COPY --from=build /out/producer.cdx.json /usr/share/doc/verdict/sbom.cdx.json
COPY --from=build /out/producer /usr/local/bin/producer
ENTRYPOINT ["/usr/local/bin/producer"]

FROM service AS trainer
LABEL org.opencontainers.image.title="verdict-trainer" \
      org.opencontainers.image.description="Trains, evaluates and explains Verdict's models, and lets the better one serve"
ENV VERDICT_LISTEN=0.0.0.0:9103 \
    VERDICT_REGISTRY=/srv/verdict/models/registry
EXPOSE 9103
COPY --from=build /out/trainer.cdx.json /usr/share/doc/verdict/sbom.cdx.json
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
COPY --from=build /out/web.cdx.json /usr/share/doc/verdict/sbom.cdx.json
COPY --from=build /out/web /usr/local/bin/web
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/local/bin/web", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/web"]

FROM service AS consumer
LABEL org.opencontainers.image.title="verdict-consumer" \
      org.opencontainers.image.description="Scores reviews from Kafka and writes verdicts, dead letters and replies"
ENV VERDICT_LISTEN=0.0.0.0:9101
EXPOSE 9101
COPY --from=build /out/consumer.cdx.json /usr/share/doc/verdict/sbom.cdx.json
COPY --from=build /out/consumer /usr/local/bin/consumer
COPY models/default models/default
COPY --from=build --chown=65532:65532 /out/empty models/registry
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/local/bin/consumer", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/consumer"]
