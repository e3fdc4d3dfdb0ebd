# In place of apache/kafka: Kafka's own jars, and its own wrapper class, which makes the configuration from KAFKA_* there too.
FROM verdict-standin/debian:bookworm
# The folder is missing from a minimal Debian, and the Java package's scripts want it.
RUN mkdir -p /usr/share/man/man1 \
 && apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 1000 --create-home --shell /bin/bash appuser \
 && mkdir -p /var/lib/kafka/data /etc/kafka/docker /etc/kafka/secrets /mnt/shared/config /opt/kafka/config /opt/kafka/logs \
 && chown -R appuser /var/lib/kafka /etc/kafka /mnt/shared/config /opt/kafka
COPY libs /opt/kafka/libs
COPY log4j2.yaml /etc/kafka/docker/log4j2.yaml
COPY log4j2.yaml /etc/kafka/docker/tools-log4j2.yaml
COPY run /etc/kafka/docker/run
USER appuser
EXPOSE 9092
VOLUME ["/etc/kafka/secrets", "/var/lib/kafka/data", "/mnt/shared/config"]
CMD ["/etc/kafka/docker/run"]
