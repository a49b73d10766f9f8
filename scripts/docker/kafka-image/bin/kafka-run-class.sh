#!/bin/bash
# kafka-run-class.sh CLASS [ARGUMENTS]: runs a class of /opt/kafka/libs, as the script of the same name in Kafka's archive.
exec java ${KAFKA_HEAP_OPTS:--Xmx1G -Xms1G} -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true ${KAFKA_OPTS:-} \
  "-Dlog4j2.configurationFile=${KAFKA_LOG4J_CONFIG:-/opt/kafka/config/log4j2.properties}" -cp '/opt/kafka/libs/*' "$@"
