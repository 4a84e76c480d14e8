#!/usr/bin/env bash
# Starts, stops and shows the agent and the plugins, and runs commands whose tools go through them.
# What needs structure is in scripts/compose and scripts/local; here is what only a shell does well: to become the command.
set -euo pipefail
me=run.sh
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
# shellcheck source-path=SCRIPTDIR source=lib/secret.sh
. "$root/scripts/lib/secret.sh"

usage() {
  cat <<'TEXT'
Usage: scripts/run.sh [OPTIONS] COMMAND

  start [TOOL]          install and build what is missing, start what does not run, wait until it answers
  stop [TOOL]           end the running calls (TERM, grace, KILL) and stop
  restart [TOOL]        stop and start, for another program or image: calls wait meanwhile, none fails
  status [--json]       one line for each plugin and broker; exit status 0 when all are ready, else 1
  claude [ARGS…]        the agent: $AGENT_COMMAND, or Claude Code; the caller's ANTHROPIC_* and CLAUDE_CODE_* go with it
  exec [--] CMD ARGS…   run CMD where the agent runs, its tools being the plugins; exit status of CMD
  shell                 the same with a shell
  logs TOOL [-f]        what the plugin wrote, or the broker, TOOL-broker; -f goes on as it writes
  approvals [--web]     the calls that wait for a person's approval, and your answers; --web: as a page for a browser
  approvals --json      the same once, for programs; approve ID [once|session] and deny ID WORD… answer
  secret set NAME       a token for a broker: asked for without showing it, or read from stdin
  secret list           their names; secret remove NAME takes one away

  --project DIR         the folder that the tools may work in (default: the current folder)
  --compose             containers (the default where an engine answers)
  --local               processes of this user, on this host; nothing is isolated
  -h, --help            this text

The folder of all this is $CLAUDE_CONTAINER_HOME, or ~/.claude-container. One home serves one project at a time, and
keeps to the mode it was started in until `stop`. claude, exec and shell exit with 125 when nothing runs, and with 127
when CMD does not exist.
TEXT
}

# fail STATUS SENTENCE
fail() {
  printf '%s: %s\n' "$me" "$2" >&2
  exit "$1"
}

# The bun that runs us starts in the checkout: see scripts/lib/bun.sh. It gets no input: that belongs to CMD.
in_mode() {
  (cd -- "$root" && exec "$bun" --no-env-file "scripts/$mode/main.ts" "$@" --home "$home" --caller "$here" \
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

# enter CMD ARGS…: becomes CMD, in the agent's place.
enter() {
  local place status=0
  find_bun "$home/bin" || fail 125 "Nothing runs: start it with $0 start"
  place=$(in_mode where) || status=$?
  ((status == 0)) || exit "$status"
  if [[ $mode == compose ]]; then
    enter_container "${place%%$'\n'*}" "${place#*$'\n'}" "$@"
  fi
  if [[ -n $place ]]; then
    # With the slash and dot at its end no newline is cut from a name.
    cd -- "$place" || exit 125
  fi
  export PATH="$home/cli:$PATH" PLUGIN_SOCKETS="$home/sockets"
  if ! type -P -- "$1" >/dev/null; then
    if [[ $1 == claude && $verb == claude ]]; then
      fail 127 "Cannot run Claude Code: there is no claude in PATH; install it, or name another agent in AGENT_COMMAND"
    fi
    fail 127 "Cannot run \"$1\": it is not in PATH"
  fi
  exec -- "$@"
}

# enter_container ID FOLDER CMD ARGS…: `docker exec` and not `docker compose exec`, which is the same and reads all
# compose files first: an exec works, and quickly, also while somebody edits those.
enter_container() {
  local -a options=(--interactive --workdir "${2%/.}")
  local container=$1
  shift 2
  if [[ -t 0 && -t 1 ]]; then
    options+=(--tty --env "TERM=${TERM:-xterm}" ${COLORTERM:+--env "COLORTERM=$COLORTERM"})
  fi
  [[ $verb != claude ]] || add_login_variables
  exec docker exec "${options[@]}" "$container" sh -c "$FIND_AND_EXEC" run.sh "$@"
}

# add_login_variables: what Claude Code reads of its user's environment, its key for one. By name, so that docker takes
# the values from its own environment and none can be read in an argument list.
add_login_variables() {
  local name
  for name in $(compgen -e); do
    case $name in
      # About the session that this was typed in, or the editor around it: neither is in reach of the container.
      CLAUDE_CODE_ENTRYPOINT | CLAUDE_CODE_SSE_PORT | CLAUDE_CODE_SESSION_*) ;;
      ANTHROPIC_* | CLAUDE_CODE_*) options+=(--env "$name") ;;
    esac
  done
}

# Engines disagree about the status of a command that is not there.
# shellcheck disable=SC2016
FIND_AND_EXEC='command -v -- "$1" >/dev/null || { echo "run.sh: Cannot run \"$1\": it is not in the PATH of the agent'"'"'s container" >&2; exit 127; }; exec "$@"'

# The agent's command may have arguments of its own: its words are split at blanks, as those of EDITOR are.
enter_agent() {
  local -a command
  read -r -a command <<<"${AGENT_COMMAND:-$(env_value AGENT_COMMAND)}"
  enter "${command[@]:-claude}" ${rest[0]+"${rest[@]}"}
}

# The shell of this user may not be in the container: there it is bash, or else sh.
enter_shell() {
  if [[ $mode == compose ]]; then
    # shellcheck disable=SC2016 # expands there
    enter sh -c 'exec "$(command -v bash || echo sh)"'
  fi
  enter "${SHELL:-/bin/sh}"
}

# Questions and answers. It has the terminal: `in_mode` gives its program no input.
ask_person() {
  local who
  find_bun "$home/bin" || fail 1 "Not installed yet: start it with $0 start"
  # A user without a name has a number, which id prints beside its complaint.
  who=$(id -un 2>/dev/null) || who=$(id -u)
  cd -- "$root"
  exec "$bun" --no-env-file scripts/approvals/main.ts --home "$home" --mode "$mode" \
    --by "$who" ${json:+--json} ${web:+--web} -- "$@"
}

show_log() {
  local tool=$1 log=$home/logs/$1.log container service=$1-plugin
  [[ $tool != *-broker ]] || service=$tool
  if [[ $mode == compose ]]; then
    container=$(docker ps -aq --filter "label=com.docker.compose.project=$(env_value COMPOSE_PROJECT_NAME)" \
      --filter "label=com.docker.compose.service=$service" </dev/null) || exit 1
    [[ -n $container ]] || fail 1 "Cannot find a log of \"$tool\": it has no container; start it with $0 start $tool"
    exec docker logs ${follow:+--tail 100 --follow} "$container"
  fi
  [[ -f $log ]] || fail 1 "Cannot find a log of \"$tool\": it has not been started ($log)"
  if [[ -n $follow ]]; then
    exec tail -n 100 -F -- "$log"
  fi
  exec cat -- "$log"
}

verb="" project="" json="" follow="" web="" wish=""
declare -a rest=()
while (($#)); do
  case $1 in
    --local | --compose) wish=${1#--} ;;
    --project)
      (($# > 1)) || fail 2 "--project needs a folder"
      project=$2
      shift
      ;;
    --project=*) project=${1#*=} ;;
    --json) json=yes ;;
    --web) web=yes ;;
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
        # What follows is the agent's.
        if [[ $verb == claude ]]; then
          shift
          [[ ${1:-} != -- ]] || shift
          rest=("$@")
          break
        fi
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

here=$PWD
if [[ -n $project ]]; then
  found=$(cd -P -- "$project" 2>/dev/null && pwd) ||
    fail 2 "Cannot find the project folder \"$project\": make it, or name another with --project"
  project=$found
fi
find_home

most=1
case $verb in
  exec | claude | deny | secret) most=${#rest[@]} ;;
  approve) most=2 ;;
  status | shell | approvals) most=0 ;;
esac
((${#rest[@]} <= most)) || fail 2 "Too many arguments for $verb: see --help"
if [[ $verb =~ ^(start|stop|restart|logs)$ && ${#rest[@]} -eq 1 ]] && ! is_tool_name "${rest[0]}"; then
  fail 2 "Cannot find the tool \"${rest[0]}\": the names are those of the files in $home/config"
fi

case $verb in
  start | restart)
    take_lock
    choose_mode
    "$root/scripts/install.sh" "--$mode" 9>&-
    find_bun "$home/bin" || fail 1 "Cannot find the Bun that install.sh brought"
    keep_mode
    status=0
    in_mode "$verb" ${rest[0]+"${rest[0]}"} 9>&- || status=$?
    # A start that was refused binds nobody to its mode.
    ((status == 0)) || in_mode where >/dev/null 2>&1 9>&- || forget_mode
    exit "$status"
    ;;
  stop)
    if find_bun "$home/bin" && [[ -d $home/run ]]; then
      take_lock
      recall_mode
      in_mode stop ${rest[0]+"${rest[0]}"} 9>&-
      ((${#rest[@]})) || forget_mode
    else
      echo "Nothing runs"
    fi
    ;;
  status)
    recall_mode
    if find_bun "$home/bin"; then
      in_mode status
    elif [[ -n $json ]]; then
      echo '{"mode":"local","plugins":[]}'
      exit 1
    else
      fail 1 "Not installed yet: start it with $0 start"
    fi
    ;;
  exec)
    ((${#rest[@]})) || fail 127 "exec needs a command: see --help"
    recall_mode
    enter "${rest[@]}"
    ;;
  claude)
    recall_mode
    enter_agent
    ;;
  shell)
    recall_mode
    enter_shell
    ;;
  logs)
    ((${#rest[@]})) || fail 2 "logs needs a tool: see --help"
    recall_mode
    show_log "${rest[0]}"
    ;;
  approvals)
    recall_mode
    ask_person
    ;;
  approve | deny)
    ((${#rest[@]})) || fail 2 "$verb needs the ID of a question: see $0 approvals --json"
    recall_mode
    ask_person "$verb" "${rest[@]}"
    ;;
  secret) secret_command ${rest[0]+"${rest[@]}"} ;;
  "")
    usage >&2
    exit 2
    ;;
  *) fail 2 "Cannot $verb: the commands are start, stop, restart, status, claude, exec, shell, logs, approvals, approve, deny and secret" ;;
esac
