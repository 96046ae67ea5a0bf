# The process that scripts/up started. Sourced after paths.sh.
# shellcheck shell=bash disable=SC2034,SC2154 # variables come from and go to the scripts that source this

# is_tillroll PID: a number from a file may belong to anybody by now; only /proc says whom it is.
is_tillroll() {
  local command
  command=$({ tr '\0' '\n' <"/proc/$1/cmdline" | head -n 1; } 2>/dev/null) || return 1
  [[ ${command##*/} == tillroll ]]
}

# running_pid: prints the pid of the running Tillroll, or fails.
running_pid() {
  local pid
  [[ -r $pid_file ]] || return 1
  pid=$(<"$pid_file")
  [[ $pid =~ ^[0-9]+$ ]] && is_tillroll "$pid" || return 1
  printf '%s' "$pid"
}

# is_held FILE: whether a process holds the file's lock. It is let go at once, so that nobody is kept out by the look.
is_held() {
  [[ -e $1 ]] && ! flock --shared --wait 1 "$1" true
}

# within_repo PATH: as it is shown to people.
within_repo() { printf '%s' "${1#"$repo"/}"; }

# await_end PID SECONDS: fails if it still runs by then.
await_end() {
  local deadline=$((SECONDS + $2))
  while is_tillroll "$1"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

# seconds_since NANOSECONDS: 3.2
seconds_since() {
  local tenths=$((($(date +%s%N) - $1) / 100000000))
  printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}
