# How the Kafka jars are run. Sourced after paths.sh.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to the scripts that source this

# The class-data archive: loads Kafka's classes ready-made and halves the start. It holds for exactly one JDK and one
# class path, so both are part of its stamp.
archive=$TILLROLL_KAFKA_LIBS/kafka.jsa
archive_stamp=$TILLROLL_KAFKA_LIBS/.archive

# Fast start, little memory: the same as crates/devstack uses for development.
jvm_flags=(-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto -Djava.awt.headless=true)

# The jars by name, with absolute paths: crates/devstack builds the very same text, or the archive would not fit.
class_path() {
  local jars dir
  dir=$(cd "$TILLROLL_KAFKA_LIBS" && pwd -P)
  local LC_ALL=C
  jars=("$dir"/*.jar)
  local IFS=:
  printf '%s' "${jars[*]}"
}
