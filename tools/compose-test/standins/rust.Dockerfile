# In place of rust:…-bookworm: Debian with its build tools, this machine's toolchain, and its registry for an offline build.
FROM verdict-standin/debian:bookworm
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends build-essential ca-certificates libssl-dev perl pkg-config python3 \
 && rm -rf /var/lib/apt/lists/*
ENV CARGO_HOME=/usr/local/cargo \
    CARGO_NET_OFFLINE=true \
    PATH=/usr/local/cargo/bin:/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY toolchain /usr/local/rust
COPY registry /usr/local/cargo/registry
