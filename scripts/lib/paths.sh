# Where things are, and how the scripts speak. Sourced, never run.
# shellcheck shell=bash disable=SC2034 # variables go to the scripts that source this

repo=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd -P)

# One installation: data, keys, logs, run files. Absolute and exported, since the binary is started elsewhere.
home=${TILLROLL_HOME:-$repo/.tillroll}
[[ $home == /* ]] || home=$PWD/$home
export TILLROLL_HOME=$home
run_dir=$home/run
pid_file=$run_dir/tillroll.pid
ready_file=$run_dir/ready
# Held by a scripts/up from before its build until Tillroll serves.
up_lock=$run_dir/up.lock
# Held by a Tillroll for as long as its servers run (crates/devstack).
stack_lock=$run_dir/stack.lock

# The Kafka jars; scripts/setup fills the directory, crates/devstack and scripts/kafka read it.
TILLROLL_KAFKA_LIBS=${TILLROLL_KAFKA_LIBS:-$home/kafka-libs}
[[ $TILLROLL_KAFKA_LIBS == /* ]] || TILLROLL_KAFKA_LIBS=$PWD/$TILLROLL_KAFKA_LIBS
export TILLROLL_KAFKA_LIBS

say() { printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { warn "$*"; exit 1; }

# usage_error TEXT: a wrong command line. Whoever sources this has set `here`, the script's directory.
usage_error() {
  warn "$* (see ${here#"$repo"/}/${0##*/} --help)"
  exit 2
}

# show_help FILE: the comment at the head of a script is its help.
show_help() { awk 'NR == 1 { next } /^#/ { sub(/^# ?/, ""); print; next } { exit }' "$1"; }
