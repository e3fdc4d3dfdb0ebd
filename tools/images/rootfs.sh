#!/bin/sh
# What a program of ours needs of Debian, and nothing else, as distroless images are made: the C library, OpenSSL, CA certificates, a user.
# The packages are unpacked, not installed; what they are stands in var/lib/dpkg/status.d, where scanners for vulnerabilities look.
# usage: rootfs.sh DIRECTORY amd64|arm64|"" (this machine's)
set -eu
root=$1 architecture=${2:-$(dpkg --print-architecture)}
case "$architecture" in amd64) tools=x86_64-linux-gnu ;; arm64) tools=aarch64-linux-gnu ;; *) exit 2 ;; esac
packages=$(mktemp -d)
cd "$packages"
[ "$architecture" = "$(dpkg --print-architecture)" ] || dpkg --add-architecture "$architecture"
apt-get update -qq
apt-get download -qq base-files ca-certificates "libc6:$architecture" "libgcc-s1:$architecture" "libssl3:$architecture"
mkdir -p "$root/etc/ssl/certs" "$root/usr/lib/ssl" "$root/usr/lib/$tools" "$root/usr/share/doc" "$root/var/lib/dpkg/status.d"
for package in *.deb; do
  name=$(dpkg-deb --field "$package" Package)
  dpkg-deb --extract "$package" "unpacked"
  dpkg-deb --field "$package" >"$root/var/lib/dpkg/status.d/$name"
  # The licences stay with what they are for.
  [ ! -f "unpacked/usr/share/doc/$name/copyright" ] || install -D -m 644 "unpacked/usr/share/doc/$name/copyright" "$root/usr/share/doc/$name/copyright"
done
cp unpacked/usr/lib/os-release "$root/etc/os-release"
for library in ld-linux-x86-64.so.2 ld-linux-aarch64.so.1 libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libresolv.so.2 \
  libnss_dns.so.2 libnss_files.so.2 libgcc_s.so.1 libcrypto.so.3 libssl.so.3; do
  for folder in lib usr/lib; do
    ! [ -e "unpacked/$folder/$tools/$library" ] || cp -L "unpacked/$folder/$tools/$library" "$root/usr/lib/$tools/"
  done
done
# Where programs look for the loader, and OpenSSL for certificates.
ln -s usr/lib "$root/lib"
case "$architecture" in
  amd64) mkdir "$root/lib64" && ln -s "../lib/$tools/ld-linux-x86-64.so.2" "$root/lib64/ld-linux-x86-64.so.2" ;;
  arm64) ln -s "$tools/ld-linux-aarch64.so.1" "$root/usr/lib/ld-linux-aarch64.so.1" ;;
esac
find unpacked/usr/share/ca-certificates -name '*.crt' | LC_ALL=C sort | xargs cat >"$root/etc/ssl/certs/ca-certificates.crt"
ln -s /etc/ssl/certs "$root/usr/lib/ssl/certs"
ln -s /etc/ssl/certs/ca-certificates.crt "$root/usr/lib/ssl/cert.pem"
printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/srv/verdict:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nnonroot:x:65532:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
mkdir -m 1777 "$root/tmp"
cd /
rm -rf "$packages" /var/lib/apt/lists/*
