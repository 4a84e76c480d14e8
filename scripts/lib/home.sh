# shellcheck shell=bash
# The folder of claude-container on this host. Sourced.

# find_home: sets `home` to an absolute path.
find_home() {
  home=${CLAUDE_CONTAINER_HOME:-}
  if [[ -z $home ]]; then
    # Not even HOME is sure to be set where a machine runs this; the tilde then asks the user database.
    home=${HOME:-$(unset HOME && echo ~)}/.claude-container
  fi
  if [[ $home != /* ]]; then
    home=$PWD/$home
  fi
}

# What a plugin may be called (src/policy/plugin-name.ts), and not the client's own name.
is_tool_name() {
  [[ $1 =~ ^[a-z0-9][a-z0-9._-]{0,63}$ && $1 != plugin-client ]]
}
