# shellcheck shell=bash
# The secrets of the brokers: files in `secrets/` of the home. Sourced; expects `fail` and what this names:
: "${me:?}"
home=${home:-}
# A secret never comes in by the command line, where every user of the machine could read it, and is never printed.

# secret_command VERB NAME
secret_command() {
  case ${1:-} in
    set | remove)
      (($# > 1)) || fail 2 "secret $1 needs a name, such as github_token"
      # What is wrong with it is not quoted: it may be the secret.
      (($# == 2)) || fail 2 "Cannot take a secret from the command line, where others can read it: give only its name, and type the secret when asked, or send it to stdin; one that was typed here is in the shell's history now: replace it"
      [[ $2 =~ ^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$ && $2 != *.new ]] ||
        fail 2 "Cannot name a secret so: a name has 1 to 64 letters, digits, dots, dashes and underscores; the secret itself is typed when asked, or sent to stdin"
      "secret_$1" "$2"
      ;;
    list)
      (($# == 1)) || fail 2 "Too many arguments for secret list: see --help"
      secret_list
      ;;
    *) fail 2 "secret needs one of set NAME, list, and remove NAME: see --help" ;;
  esac
}

secret_set() {
  local path=$home/secrets/$1
  umask 077
  mkdir -p -- "$home" "$home/secrets"
  chmod 0700 -- "$home/secrets"
  # By a new name first: a broker that reads meanwhile finds the old one or the new one whole.
  # shellcheck disable=SC2064 # the path of now
  trap "rm -f -- $(printf %q "$path.new")" EXIT
  if [[ -t 0 ]]; then
    secret_from_terminal >"$path.new"
  else
    cat >"$path.new"
  fi
  [[ -s $path.new ]] || fail 1 "Cannot set $1: nothing was entered"
  mv -f -- "$path.new" "$path"
  echo "$me: Set $1; a config refers to it as { file: /run/secrets/$1 }"
}

# The answer is not shown while it is typed, and the terminal is as before however this ends.
secret_from_terminal() {
  local secret=""
  IFS= read -rs -p "Secret (not shown): " secret </dev/tty || true
  echo >/dev/tty
  [[ -z $secret ]] || printf '%s\n' "$secret"
}

secret_list() {
  local path
  for path in "$home"/secrets/*; do
    [[ ! -f $path || $path == *.new ]] || printf '%s\n' "${path##*/}"
  done
}

secret_remove() {
  [[ -f $home/secrets/$1 ]] || fail 1 "Cannot remove $1: there is no such secret; scripts/run.sh secret list names them"
  rm -f -- "$home/secrets/$1"
  echo "$me: Removed $1; revoke it where it came from, too"
}
