#!/usr/bin/env bash
# Puts Spark's Kafka source (pom.xml) beside the Python tools, by Maven; does nothing where it is there.
#   tools/spark/install.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")"
home=$1/spark-kafka
cmp -s pom.xml "$home/pom.xml" && exit
rm -rf "$home"
mvn --batch-mode --quiet --strict-checksums dependency:copy-dependencies -DincludeScope=runtime \
  -DincludeArtifactIds=spark-sql-kafka-0-10_2.13,spark-token-provider-kafka-0-10_2.13,kafka-clients,commons-pool2 \
  -DoutputDirectory="$home" >&2
cp pom.xml "$home/"
