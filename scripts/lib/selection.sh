# Which tests the arguments of cargo test select. Sourced, never run.
# shellcheck shell=bash disable=SC2034 # variables go to the script that sources this

# select_tests ARGUMENTS…: sets scope (what is said besides), profile (as the binary must be built too) and
# binary_needed: true unless it is certain that no test of e2e or tillroll-bench runs, which would run a binary of
# yesterday.
select_tests() {
  scope=(--workspace) profile=() binary_needed=false
  while (($# > 0)); do
    case $1 in
      --) break ;;
      -p | --package) scope=() && take_package "${2-}" && shift ;;
      --package=*) scope=() && take_package "${1#*=}" ;;
      -p?*) scope=() && take_package "${1#-p}" ;;
      --workspace | --all | --manifest-path | --manifest-path=*) binary_needed=true ;;
      --profile) profile+=("$1" "${2-}") && shift ;;
      --release | -r | --profile=*) profile+=("$1") ;;
    esac
    (($# == 0)) || shift
  done
  ((${#scope[@]} == 0)) || binary_needed=true
}

# Only a plain name of another package is certain: there are patterns (-p '*') and URLs (-p path+file:///…#e2e), too.
take_package() {
  local name=${1#=}
  [[ $name =~ ^[a-z0-9_-]+$ && $name != e2e && $name != tillroll-bench ]] || binary_needed=true
}
