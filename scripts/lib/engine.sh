# shellcheck shell=bash
# What is said of a container engine that cannot be used. Sourced.

# shellcheck disable=SC2034 # read by those who source this
ENGINE_WANTED=20.10
COMPOSE_WANTED=2.20

# find_engine: sets `engine` to the engine's version, `compose_version` to that of Compose, and `engine_problem` to a
# sentence when one of them cannot be used. Bounded: an engine that hangs must not hang those who ask.
find_engine() {
  local asked status=0
  engine="" compose_version="" engine_problem=""
  if ! type -P docker >/dev/null; then
    engine_problem="Cannot find docker: install Docker Engine $ENGINE_WANTED or later, with its Compose plugin"
    return 1
  fi
  asked=$(timeout 5 docker info --format '{{.ServerVersion}}' 2>&1 </dev/null) || status=$?
  if ((status)); then
    explain_silence "$status" "$asked"
    return 1
  fi
  engine=${asked##*$'\n'}
  if ! is_at_least "$engine" "$ENGINE_WANTED"; then
    engine_problem="Cannot use Docker Engine $engine: $ENGINE_WANTED or later is needed; upgrade it"
    return 1
  fi
  if ! compose_version=$(timeout 5 docker compose version --short 2>/dev/null </dev/null); then
    engine_problem="Cannot find docker compose: install the Compose plugin, $COMPOSE_WANTED or later (a package is often called docker-compose-plugin or docker-compose-v2)"
    return 1
  fi
  if ! is_at_least "${compose_version#v}" "$COMPOSE_WANTED"; then
    engine_problem="Cannot use Compose $compose_version: $COMPOSE_WANTED or later is needed; upgrade its plugin"
    return 1
  fi
}

# explain_silence STATUS WORDS: why `docker info` failed. The socket tells more surely than docker's own words.
explain_silence() {
  local host path who
  host=$(timeout 5 docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null </dev/null) || host=""
  host=${host:-${DOCKER_HOST:-}}
  path=${host#unix://}
  if (($1 == 124)); then
    engine_problem="The container engine at ${host:-its socket} has not answered for 5 s: restart it"
  elif [[ $host != unix://* ]]; then
    engine_problem="The container engine at ${host:-an unknown place} does not answer: ${2##*$'\n'}"
  elif [[ ! -S $path ]]; then
    engine_problem="The container engine is not running: there is no socket $path; start it (sudo systemctl start docker, or Docker Desktop)"
  elif [[ ! -w $path ]]; then
    # A user without a name has a number, which id prints beside its complaint.
    who=$(id -un 2>/dev/null) || who=$(id -u)
    engine_problem="The container engine is not permitted to $who: $path is closed; join its group (sudo usermod -aG docker $who) and log in again, or use a rootless engine"
  else
    engine_problem="The container engine is not running: nobody answers at $path; start it (sudo systemctl start docker, or Docker Desktop)"
  fi
}

# is_at_least FOUND WANTED: by the first two numbers.
is_at_least() {
  local -a have want
  IFS=.-+ read -r -a have <<<"$1"
  IFS=. read -r -a want <<<"$2"
  [[ ${have[0]:-} =~ ^[0-9]+$ && ${have[1]:-} =~ ^[0-9]+$ ]] || return 1
  ((10#${have[0]} > 10#${want[0]} || (10#${have[0]} == 10#${want[0]} && 10#${have[1]} >= 10#${want[1]})))
}
