# Makes the class-data archive: a throw-away broker is started once and dumps the classes that it has loaded.
# Sourced after jvm.sh. A failure costs start time later, nothing else.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to the scripts that source this

# make_archive KEY: KEY identifies JDK and jars.
make_archive() {
  local key=$1 attempt
  say "making the class-data archive of the broker (once)"
  for attempt in 1 2 3; do
    if dump_archive; then
      printf '%s\n' "$key" >"$archive_stamp"
      return 0
    fi
  done
  warn "no class-data archive after $attempt attempts: the broker will start, but about a second slower"
  # Not tried again until the JDK or the jars change.
  printf '%s\n' "$key" >"$archive_stamp"
}

# dump_archive: in a subshell, so that its trap cleans up whatever happens.
dump_archive() (
  work=$(mktemp -d)
  broker=
  trap 'status=$?
    [[ -z $broker ]] || kill -KILL "$broker" 2>/dev/null || true
    ((status == 0)) || tail -n 3 "$work/log" >&2 || true
    rm -rf "$work"' EXIT
  client=$(free_port)
  controller=$(free_port)
  write_properties "$work" "$client" "$controller"
  libraries=$(class_path)
  logging=-Dlog4j2.configurationFile=$repo/crates/devstack/resources/log4j2.properties
  java "${jvm_flags[@]}" "$logging" -cp "$libraries" kafka.tools.StorageTool format \
    --cluster-id AAAAAAAAAAAAAAAAAAAAAA --config "$work/server.properties" >"$work/log" 2>&1 || exit 1
  java "${jvm_flags[@]}" -XX:ArchiveClassesAtExit="$work/kafka.jsa" -Xmx256m "$logging" -cp "$libraries" \
    kafka.Kafka "$work/server.properties" >>"$work/log" 2>&1 &
  broker=$!
  await_line "$work/log" 'Kafka Server started' "$broker" || exit 1
  kill -TERM "$broker"
  wait "$broker" || true # 143 after SIGTERM, and that is as it should be
  broker=
  [[ -s $work/kafka.jsa ]] || exit 1
  # Beside its final place first: a rename within one file system is atomic.
  cp "$work/kafka.jsa" "$archive.new.$$"
  mv -f "$archive.new.$$" "$archive"
)

write_properties() {
  local dir=$1 client=$2 controller=$3
  cat "$repo"/crates/devstack/resources/{server,one}.properties - >"$dir/server.properties" <<END

node.id=1
listeners=PLAINTEXT://127.0.0.1:$client,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$client
controller.quorum.voters=1@127.0.0.1:$controller
log.dirs=$dir/data
END
}

# A port below the ephemeral range on which nobody listens.
free_port() {
  local port
  while :; do
    port=$((10000 + RANDOM % 9000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  printf '%s' "$port"
}

# await_line FILE TEXT PID: until the text is in the file, the process has ended, or a minute has passed.
await_line() {
  local file=$1 text=$2 pid=$3 deadline=$((SECONDS + 60))
  until grep -q "$text" "$file"; do
    kill -0 "$pid" 2>/dev/null && ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}
