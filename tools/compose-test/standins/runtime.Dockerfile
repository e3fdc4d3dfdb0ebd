# In place of gcr.io/distroless/cc-debian12:nonroot: the same Debian packages, unpacked and not installed, and nothing else.
FROM verdict-standin/debian:bookworm AS packages
WORKDIR /debs
RUN apt-get update -qq \
 && apt-get download -qq base-files netbase tzdata ca-certificates libc6 libssl3 libgcc-s1 libgomp1 libstdc++6 gcc-12-base \
 && for deb in *.deb; do dpkg-deb -x "$deb" /rootfs; done \
 && find /rootfs/usr/share/ca-certificates -name '*.crt' -exec cat {} + > /ca.crt \
 && install -D -m 644 /ca.crt /rootfs/etc/ssl/certs/ca-certificates.crt \
 && printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' > /rootfs/etc/passwd \
 && printf 'root:x:0:\nnonroot:x:65532:\n' > /rootfs/etc/group \
 && rm -rf /rootfs/usr/share/doc /rootfs/usr/share/lintian /rootfs/usr/share/man /rootfs/usr/sbin /rootfs/usr/share/gdb \
 && mkdir -p -m 1777 /rootfs/tmp && install -d -o 65532 -g 65532 /rootfs/home/nonroot

FROM scratch
COPY --from=packages /rootfs /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532
WORKDIR /home/nonroot
