#!/usr/bin/env bash
# Adds a tool while the agent is at work, and takes it away again: a config, a link, a socket folder, a service.
set -euo pipefail
me=add-tool.sh
root=$(cd -P -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)
bun=
# shellcheck source-path=SCRIPTDIR source=lib/bun.sh
. "$root/scripts/lib/bun.sh"
# shellcheck source-path=SCRIPTDIR source=lib/home.sh
. "$root/scripts/lib/home.sh"
# shellcheck source-path=SCRIPTDIR source=lib/engine.sh
. "$root/scripts/lib/engine.sh"
# shellcheck source-path=SCRIPTDIR source=lib/mode.sh
. "$root/scripts/lib/mode.sh"
# shellcheck source-path=SCRIPTDIR source=lib/added.sh
. "$root/scripts/lib/added.sh"

usage() {
  cat <<'TEXT'
Usage: scripts/add-tool.sh [OPTIONS] NAME
       scripts/add-tool.sh --remove NAME

Adds the tool NAME: writes what is missing of config, link and service, builds, and starts the plugin.
The agent goes on meanwhile. What is there already is kept as it is.

  --package DEB         the Debian package that has the program (default: NAME)
  --image IMAGE         an image that has the program, to build on; any with glibc and a shell
  --remove              undoes what adding made; a config that was edited since is kept as NAME.yaml.removed
  --compose | --local   as for run.sh; in local mode the program has to be in PATH
  -h, --help            this text
TEXT
}

# fail STATUS SENTENCE
fail() {
  printf '%s: %s\n' "$me" "$2" >&2
  exit "$1"
}

add() {
  local config=$home/config/$tool.yaml service=$home/compose.d/$tool.yaml
  refuse_what_cannot_be
  "$root/scripts/install.sh" "--$mode"
  begin_manifest
  if [[ ! -e $config ]]; then
    write_config >"$config"
    made "config $(sum_of "$config")"
  fi
  [[ -e $home/cli/$tool || -L $home/cli/$tool ]] || made wrapper
  [[ -d $home/sockets/$tool ]] || made sockets
  "$root/scripts/install.sh" "--$mode"
  if [[ $mode == compose ]]; then
    if ! is_shipped && [[ ! -e $service ]]; then
      write_service >"$service"
      made "service $(sum_of "$service")"
    fi
    find_bun "$home/bin" || fail 1 "Cannot find the Bun that install.sh brought"
    (cd -- "$root" && "$bun" --no-env-file scripts/compose/main.ts refresh --home "$home" </dev/null)
  fi
  if [[ -z $(kept_mode) ]]; then
    echo "$me: Added $tool; scripts/run.sh start starts it with the others"
    return 0
  fi
  "$root/scripts/run.sh" "--$mode" start "$tool" ||
    fail 1 "Added $tool, but it does not run: see above; $0 --remove $tool undoes it"
  [[ $mode == local ]] || wait_for_agent
}

# refuse_what_cannot_be: before anything is made.
refuse_what_cannot_be() {
  local program
  if [[ -e $(manifest) ]] || { [[ -e $config && -e $home/cli/$tool ]] && { is_shipped || [[ -e $service ]]; }; }; then
    fail 1 "Cannot add $tool: there is a tool of this name already ($config); choose another name, or remove that one"
  fi
  if is_shipped && [[ -n $package$image ]]; then
    fail 2 "Cannot take another program for $tool: its plugin comes with claude-container; leave out --package and --image"
  fi
  if [[ $mode == local ]]; then
    [[ -z $package$image ]] ||
      fail 2 "--package and --image are for containers: in local mode install the program on this machine"
    program=$(PATH=$(path_without_cli) type -P -- "$tool") || true
    [[ -n $program || -e $config ]] ||
      fail 1 "Cannot find the program $tool in PATH: install it, or write $config with the key exec"
  fi
}

# wait_for_agent: until the agent's own client sees it; run.sh has waited for the plugin itself.
wait_for_agent() {
  local attempt
  "$root/scripts/run.sh" --compose exec true 2>/dev/null || return 0
  for attempt in 1 2 3 4 5; do
    if "$root/scripts/run.sh" --compose exec plugin-client --list </dev/null | grep -q "^$tool  *ready"; then
      echo "$me: The agent has $tool now"
      return 0
    fi
    sleep "0.$attempt"
  done
  fail 1 "The plugin of $tool runs, but the agent does not see it: scripts/run.sh exec plugin-client --list says why"
}

tool="" package="" image="" remove="" wish=""
while (($#)); do
  case $1 in
    --package | --image)
      [[ -n ${2:-} ]] || fail 2 "$1 needs a name"
      declare "${1#--}=$2"
      shift
      ;;
    --remove) remove=yes ;;
    --local | --compose) wish=${1#--} ;;
    -h | --help)
      usage
      exit 0
      ;;
    -*) fail 2 "Cannot read the option \"$1\": see --help" ;;
    *)
      [[ -z $tool ]] || fail 2 "Cannot add two at once: \"$tool\" and \"$1\""
      tool=$1
      ;;
  esac
  shift
done

[[ -n $tool ]] || fail 2 "Cannot tell which tool: see --help"
is_tool_name "$tool" ||
  fail 2 "Cannot call a tool \"$tool\": a name has 1 to 64 of a-z, 0-9, dot, dash and underscore, and is not plugin-client"
[[ -z $package || -z $image ]] || fail 2 "Cannot take both --package and --image: one of them has the program"
[[ $package =~ ^[a-z0-9.+-]*$ ]] || fail 2 "Cannot find a package \"$package\": Debian's names have a-z, 0-9, dot, plus and dash"
[[ $image =~ ^[A-Za-z0-9./:@_-]*$ ]] || fail 2 "Cannot read \"$image\" as the name of an image"
find_home
choose_mode
if [[ -n $remove ]]; then
  remove_tool
else
  umask 077
  add
fi
