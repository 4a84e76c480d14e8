#!/usr/bin/env bash
# Starts, stops and shows the plugins, and runs commands whose tools go through them.
# What needs structure is in scripts/local; here is what only a shell does well: to become the command.
set -euo pipefail
me=run.sh
root=$(cd -P -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)
bun=
# shellcheck source-path=SCRIPTDIR source=lib/bun.sh
. "$root/scripts/lib/bun.sh"
# shellcheck source-path=SCRIPTDIR source=lib/home.sh
. "$root/scripts/lib/home.sh"

usage() {
  cat <<'TEXT'
Usage: scripts/run.sh [OPTIONS] COMMAND

  start [TOOL]          install what is missing, start what does not run, wait until it answers
  stop [TOOL]           end the running calls (TERM, grace, KILL) and stop
  restart [TOOL]        stop and start: after an edit of config/TOOL.yaml, or an update
  status [--json]       one line for each plugin; exit status 0 when all are ready, else 1
  exec [--] CMD ARGS…   run CMD with the plugins' tools first in PATH; exit status of CMD
  shell                 the same with your shell
  logs TOOL [-f]        what the plugin wrote; -f goes on as it writes

  --project DIR         the folder that the tools may work in (default: the current folder)
  --local               processes of this user, on this host; nothing is isolated (the default for now)
  --compose             containers: not built yet
  -h, --help            this text

The folder of all this is $CLAUDE_CONTAINER_HOME, or ~/.claude-container. One home serves one project at a time.
exec and shell exit with 125 when no plugin runs, and with 127 when CMD does not exist.
TEXT
}

# fail STATUS SENTENCE
fail() {
  printf '%s: %s\n' "$me" "$2" >&2
  exit "$1"
}

# The bun that runs us starts in the checkout: see scripts/lib/bun.sh. It gets no input: that belongs to CMD.
local_mode() {
  (cd -- "$root" && exec "$bun" --no-env-file scripts/local/main.ts "$@" --home "$home" --caller "$here" \
    ${project:+--project "$project"} ${json:+--json} </dev/null)
}

# Two starts at once would both find nothing there. The lock ends with this process, however it ends; those that it
# starts get no hold of it. The umask is for the folder alone: the tools' files are made with the user's own.
take_lock() {
  (umask 077 && mkdir -p -- "$home/run")
  exec 9>"$home/run/lock"
  if type -P flock >/dev/null && ! flock -w 60 9; then
    fail 1 "Cannot start or stop: another run.sh has been at it for a minute (lock $home/run/lock)"
  fi
}

# enter CMD ARGS…: becomes CMD.
enter() {
  local folder status=0
  find_bun "$home/bin" || fail 125 "Nothing runs: start it with $0 start"
  folder=$(local_mode where) || status=$?
  ((status == 0)) || exit "$status"
  if [[ -n $folder ]]; then
    # With the slash and dot at its end no newline is cut from a name.
    cd -- "$folder" || exit 125
  fi
  export PATH="$home/cli:$PATH" PLUGIN_SOCKETS="$home/sockets"
  if ! type -P -- "$1" >/dev/null; then
    fail 127 "Cannot run \"$1\": it is not in PATH"
  fi
  exec -- "$@"
}

verb="" project="" json="" follow="" mode=local
declare -a rest=()
while (($#)); do
  case $1 in
    --local | --compose) mode=${1#--} ;;
    --project)
      (($# > 1)) || fail 2 "--project needs a folder"
      project=$2
      shift
      ;;
    --project=*) project=${1#*=} ;;
    --json) json=yes ;;
    -f | --follow) follow=yes ;;
    -h | --help)
      usage
      exit 0
      ;;
    --)
      shift
      rest+=("$@")
      break
      ;;
    -*) fail 2 "Cannot read the option \"$1\": see --help" ;;
    *)
      if [[ -z $verb ]]; then
        verb=$1
      elif [[ $verb == exec ]]; then
        rest+=("$@")
        break
      else
        rest+=("$1")
      fi
      ;;
  esac
  shift
done

if [[ $mode == compose ]]; then
  fail 2 "compose mode is not built yet: use --local"
fi
here=$PWD
if [[ -n $project ]]; then
  project=$(cd -P -- "$project" 2>/dev/null && pwd) || fail 2 "Cannot find the project folder \"$project\""
fi
find_home

most=1
case $verb in
  exec) most=${#rest[@]} ;;
  status | shell) most=0 ;;
esac
((${#rest[@]} <= most)) || fail 2 "Too many arguments for $verb: see --help"
if [[ $verb =~ ^(start|stop|restart|logs)$ && ${#rest[@]} -eq 1 ]] && ! is_tool_name "${rest[0]}"; then
  fail 2 "Cannot find the tool \"${rest[0]}\": the names are those of the files in $home/config"
fi

case $verb in
  start | restart)
    take_lock
    "$root/scripts/install.sh" 9>&-
    find_bun "$home/bin" || fail 1 "Cannot find the Bun that install.sh brought"
    local_mode "$verb" ${rest[0]+"${rest[0]}"} 9>&-
    ;;
  stop)
    if find_bun "$home/bin" && [[ -d $home/run ]]; then
      take_lock
      local_mode stop ${rest[0]+"${rest[0]}"} 9>&-
    else
      echo "Nothing runs"
    fi
    ;;
  status)
    if find_bun "$home/bin"; then
      local_mode status
    elif [[ -n $json ]]; then
      echo '{"mode":"local","plugins":[]}'
      exit 1
    else
      fail 1 "Not installed yet: start it with $0 start"
    fi
    ;;
  exec)
    ((${#rest[@]})) || fail 127 "exec needs a command: see --help"
    enter "${rest[@]}"
    ;;
  shell) enter "${SHELL:-/bin/sh}" ;;
  logs)
    ((${#rest[@]})) || fail 2 "logs needs a tool: see --help"
    log=$home/logs/${rest[0]}.log
    [[ -f $log ]] || fail 1 "Cannot find a log of \"${rest[0]}\": it has not been started ($log)"
    if [[ -n $follow ]]; then
      exec tail -n 100 -F -- "$log"
    fi
    exec cat -- "$log"
    ;;
  "")
    usage >&2
    exit 2
    ;;
  *) fail 2 "Cannot $verb: the commands are start, stop, restart, status, exec, shell and logs" ;;
esac
