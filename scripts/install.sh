#!/usr/bin/env bash
# Lays out the folder of claude-container and builds the two executables into it. Run it as often as you like: it does
# what is missing, and never touches a config, a wrapper or a link that is already there.
set -euo pipefail
me=install.sh
root=$(cd -P -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)
bun=
# shellcheck source-path=SCRIPTDIR source=lib/bun.sh
. "$root/scripts/lib/bun.sh"
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
. "$root/scripts/lib/build.sh"
# shellcheck source-path=SCRIPTDIR source=lib/home.sh
. "$root/scripts/lib/home.sh"

# shellcheck source-path=SCRIPTDIR source=lib/engine.sh
. "$root/scripts/lib/engine.sh"
# shellcheck source-path=SCRIPTDIR source=lib/checks.sh
. "$root/scripts/lib/checks.sh"

usage() {
  cat <<'TEXT'
Usage: scripts/install.sh [--compose | --local]
       scripts/install.sh --check [--project DIR]
       scripts/install.sh --agent-texts DIR

Builds claude-container and lays out its folder: $CLAUDE_CONTAINER_HOME, or ~/.claude-container.

  --compose    ends with 1 when the container engine cannot be used
  --local      does not ask for one; without either, one line says what is wrong with it, the first time
  --agent-texts DIR
               installs nothing: adds to the project in DIR what tells a coding agent how its tools work, a section in
               CLAUDE.md and a skill in .claude/skills; what is there already stays
  --check      installs nothing: prints what is checked, each with what to do about it; exit status 0 when all holds
TEXT
}

# list_checks PROJECT: one line for each check; its status is 1 when one does not hold.
list_checks() {
  local failed=0 name problem
  local -a names=(engine engine_place disk owner modes)
  [[ -z $1 ]] || names+=(project)
  for name in "${names[@]}"; do
    problem=$("check_$name" "$1") || true
    if [[ -z $problem ]]; then
      echo "✓ ${name/_/ }$(detail "$name")"
    else
      echo "✗ ${name/_/ }: $problem"
      failed=1
    fi
  done
  return "$failed"
}

detail() {
  if [[ $1 == engine ]] && find_engine; then
    echo ": Docker Engine $engine, Compose $compose_version"
  fi
}

# The folder of a default config is plugins/TOOL; the copy in the home belongs to the user from then on.
install_default() {
  local tool=$1 from=$root/plugins/$1/$1.yaml to=$home/config/$1.yaml known=$home/bin/defaults/$1.yaml
  if [[ ! -e $to && ! -L $to ]]; then
    cp -- "$from" "$to"
    chmod 0600 -- "$to"
    echo "$me: Wrote $to"
  elif [[ -f $known ]] && ! cmp -s -- "$from" "$known" && ! cmp -s -- "$from" "$to"; then
    echo "$me: Kept $to as it is; the default has changed since: compare it with $from"
  fi
  cmp -s -- "$from" "$known" || cp -- "$from" "$known"
}

# In cli/ the tool of its own name.
link_tool() {
  local tool=$1
  make_sockets "$tool"
  if [[ ! -e $home/cli/$tool && ! -L $home/cli/$tool ]]; then
    ln -s -- plugin-client "$home/cli/$tool"
    echo "$me: Linked $home/cli/$tool"
  fi
}

# In sockets/ a folder that only its plugin mounts, and the name that the seed used.
make_sockets() {
  local tool=$1
  make_folder 700 "$home/sockets/$tool"
  if [[ ! -e $home/sockets/$tool.sock && ! -L $home/sockets/$tool.sock ]]; then
    ln -s -- "$tool/$tool.sock" "$home/sockets/$tool.sock"
  fi
}

# make_folder MODE FOLDER: one that is there is closed as far as MODE wants it; all of these are our own.
make_folder() {
  if [[ ! -d $2 ]]; then
    mkdir -p -- "$2"
    chmod "$1" -- "$2"
  elif (($(folder_mode "$2") & 0077 & ~0$1)); then
    chmod "$1" -- "$2"
    echo "$me: Closed $2 to others"
  fi
}

# refuse_unless_sound: what keeps the home from being used at all.
refuse_unless_sound() {
  local problem
  problem=$(check_owner)
  [[ -n $problem || $mode != compose ]] || problem=$(check_engine)
  [[ -n $problem || $mode != compose ]] || problem=$(check_engine_place)
  if [[ -n $problem ]]; then
    echo "$me: $problem" >&2
    exit 1
  fi
  if [[ $mode == compose ]]; then
    problem=$(check_disk)
    [[ -z $problem ]] || echo "$me: $problem" >&2
  fi
}

# add_agent_texts PROJECT: only when asked for, since these files are the project's.
add_agent_texts() {
  local texts=$root/plugins/agent to=$1/CLAUDE.md skill=$1/.claude/skills/plugins/SKILL.md heading
  if [[ ! -d $1 ]]; then
    echo "$me: Cannot find the project folder \"$1\": make it, or name another" >&2
    return 1
  fi
  heading=$(head -n 1 -- "$texts/CLAUDE.md")
  if [[ -f $to ]] && grep -qxF -- "$heading" "$to"; then
    echo "$me: Kept $to as it is: it has the section \"${heading##*# }\""
  else
    # A blank line before it, unless it is the first.
    { [[ ! -s $to ]] || echo; cat -- "$texts/CLAUDE.md"; } >>"$to" || return 1
    echo "$me: Added the section \"${heading##*# }\" to $to"
  fi
  if [[ ! -e $skill && ! -L $skill ]]; then
    mkdir -p -- "${skill%/*}" && cp -- "$texts/skills/plugins/SKILL.md" "$skill" || return 1
    echo "$me: Wrote $skill"
  elif cmp -s -- "$texts/skills/plugins/SKILL.md" "$skill"; then
    echo "$me: Kept $skill as it is"
  else
    echo "$me: Kept $skill as it is; it differs from $texts/skills/plugins/SKILL.md"
  fi
}

mode="" check="" project="" agent_texts=""
while (($#)); do
  case $1 in
    --compose | --local) mode=${1#--} ;;
    --check) check=yes ;;
    --project)
      (($# > 1)) || { echo "$me: --project needs a folder" >&2 && exit 2; }
      project=$2
      shift
      ;;
    --agent-texts)
      (($# > 1)) || { echo "$me: --agent-texts needs the folder of a project" >&2 && exit 2; }
      agent_texts=$2
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      echo "$me: Cannot read the argument \"$1\": see --help" >&2
      exit 2
      ;;
  esac
  shift
done

if [[ -n $agent_texts ]]; then
  # With the user's own umask: these files are for whoever works on the project.
  add_agent_texts "$agent_texts"
  exit
fi
umask 077
find_home
if [[ -n $check ]]; then
  list_checks "$project"
  exit
fi
refuse_unless_sound
is_first=yes
[[ ! -d $home/config ]] || is_first=""
while read -r folder_mode_wanted folder; do
  make_folder "$folder_mode_wanted" "$home/$folder"
done < <(home_folders)
chmod -- go= "$home"/secrets/* 2>/dev/null || true

need_bun "$home/bin"
need_packages
built=$(build_executables "$home/cli/plugin-client" "$home/bin/plugin-server" "$home/bin/.sources")
if [[ -n $built ]]; then
  echo "$me: Built $built in $home"
fi

install_default git
# For editors: the first line of a default config names it. It is not the user's, and always the newest.
cmp -s -- "$root/plugins/schema.json" "$home/config/schema.json" ||
  cp -- "$root/plugins/schema.json" "$home/config/schema.json"
for plugin in "$root"/plugins/*/; do
  # Ready to be plugged in: a plugin mounts its folder, and an engine must not make that as root.
  tool=$(basename -- "$plugin")
  if [[ -e $plugin$tool.yaml && $tool != tool ]]; then
    make_sockets "$tool"
  fi
done
for config in "$home"/config/*.yaml; do
  tool=$(basename -- "$config" .yaml)
  if is_tool_name "$tool"; then
    link_tool "$tool"
  elif [[ -e $config ]]; then
    echo "$me: Passed over $config: a tool's name has 1 to 64 of a-z, 0-9, dot, dash and underscore" >&2
  fi
done

if [[ -n $is_first && -z $mode ]] && ! find_engine; then
  echo "$me: $engine_problem; without it, scripts/run.sh runs everything as processes of this user"
fi
if [[ -n $is_first ]]; then
  echo "$me: To tell a coding agent how its tools work here: scripts/install.sh --agent-texts DIR adds a section to DIR/CLAUDE.md"
fi
