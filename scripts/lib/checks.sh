# shellcheck shell=bash
# What must hold of this machine and of the home. Sourced; expects lib/engine.sh, lib/home.sh and what this names:
: "${root:?}"
home=${home:-}
# Each check prints nothing when it holds, else one sentence: what was found, and what to do.

# The folders of the home, each with the mode that it has.
home_folders() {
  printf '%s\n' "700 ." "755 cli" "700 bin" "700 bin/defaults" "700 sockets" "700 config" "700 secrets" \
    "700 audit" "700 logs" "700 run" "700 agent" "700 compose.d"
}

check_engine() {
  find_engine || echo "${engine_problem:-}"
}

# Folders of this host cannot be mounted by an engine on another.
check_engine_place() {
  local host
  host=$(timeout 5 docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null </dev/null) || return 0
  if [[ $host != unix://* ]]; then
    echo "The container engine is on another machine ($host), where the folders of this one cannot be mounted: unset DOCKER_HOST, or choose another docker context"
  fi
}

# Images take room where the engine keeps them, which is not on this machine's disk for every engine.
check_disk() {
  local folder free
  folder=$(timeout 5 docker info --format '{{.DockerRootDir}}' 2>/dev/null </dev/null) || return 0
  [[ -d $folder ]] || folder=$home
  while [[ ! -d $folder ]]; do
    folder=$(dirname -- "$folder")
  done
  free=$(df -Pk -- "$folder" | awk 'NR == 2 { print $4 }')
  if [[ $free =~ ^[0-9]+$ ]] && ((free < 3 * 1024 * 1024)); then
    echo "Only $((free / 1024)) MiB are free in $folder: the images need about 3 GiB; make room (docker system df shows what is in use)"
  fi
}

# What an earlier sudo left belongs to root, and can neither be changed by the user nor used by the tools.
check_owner() {
  local other
  [[ -e $home ]] || return 0
  if [[ ! -O $home ]]; then
    echo "$home belongs to $(owner "$home"), and this is uid $(id -u): run it as that user, without sudo; or take the folder over: sudo chown -R $(id -u):$(id -g) \"$home\""
    return 0
  fi
  other=$(find "$home" -maxdepth 2 ! -user "$(id -u)" -print -quit 2>/dev/null) || true
  if [[ -n $other ]]; then
    echo "$other belongs to $(owner "$other"), from an earlier sudo perhaps: sudo chown -R $(id -u):$(id -g) \"$home\""
  fi
}

# Open to others than the owner beyond what it should be.
check_modes() {
  local mode name
  while read -r mode name; do
    if [[ -d $home/$name ]] && (($(folder_mode "$home/$name") & 0077 & ~0$mode)); then
      echo "$home/$name is open to others: scripts/install.sh closes it"
      return 0
    fi
  done < <(home_folders)
}

check_project() {
  local project=$1
  if [[ ! -d $project ]]; then
    echo "Cannot find the project folder $project: make it, or name another with --project"
  elif [[ -e $home && $(owner "$project") != "$(owner "$home")" ]]; then
    echo "$project belongs to $(owner "$project"), the home $home to $(owner "$home"): one of them would be closed to the tools; give both to one user"
  fi
}

# As a number that bash reads as octal.
folder_mode() {
  echo "0$(stat -c %a -- "$1")"
}

owner() {
  stat -c 'uid %u' -- "$1"
}
