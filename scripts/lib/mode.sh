# shellcheck shell=bash
# Whether a home runs in containers or as processes. Sourced; expects lib/engine.sh, `fail`, and what these name:
: "${root:?}" "${me:?}"
home=${home:-} wish=${wish:-} engine_problem=""
# A home keeps to the mode that it was started in until it is stopped: `run/mode` says which.

# choose_mode: sets `mode` for a start: what is wished for, what runs already, or what is possible, in this order.
choose_mode() {
  local kept
  kept=$(kept_mode)
  if [[ -n $kept && -n $wish && $kept != "$wish" ]]; then
    fail 1 "Cannot start in $wish mode: this home runs in $kept mode; stop that first ($0 stop), or set CLAUDE_CONTAINER_HOME to another folder"
  fi
  mode=${wish:-$kept}
  if [[ $mode == compose ]] && ! find_engine; then
    fail 1 "$engine_problem"
  elif [[ -z $mode ]]; then
    mode=compose
    if ! find_engine; then
      mode=local
      echo "$me: $engine_problem; starting in local mode" >&2
    fi
  fi
}

# recall_mode: sets `mode` for a look at what there is: containers when the home has been set up for them.
recall_mode() {
  mode=${wish:-$(kept_mode)}
  if [[ -z $mode ]]; then
    mode=local
    [[ ! -f $home/compose.env ]] || ! find_engine || mode=compose
  elif [[ $mode == compose ]] && ! type -P docker >/dev/null; then
    # An engine that is there and does not answer is found out by the first question: asking twice would cost.
    find_engine || fail 1 "$engine_problem"
  fi
}

keep_mode() {
  (umask 077 && printf '%s\n' "$mode" >"$home/run/mode")
}

# forget_mode: after a stop of everything in this mode.
forget_mode() {
  [[ $(kept_mode) != "$mode" ]] || rm -f -- "$home/run/mode"
}

kept_mode() {
  if [[ -f $home/run/mode ]]; then
    cat -- "$home/run/mode"
  fi
}

# env_value NAME: a plain value of compose.env.
env_value() {
  if [[ -f $home/compose.env ]]; then
    sed -n "s/^$1=\"\\(.*\\)\"\$/\\1/p" "$home/compose.env"
  fi
}
