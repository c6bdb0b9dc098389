/** What `curl … | sh` runs on a machine that is to become a host: it checks what is there, installs the agent's program of this server's version, and joins. */

export interface InstallFacts {
  /** Where the machine reaches the yard. An origin. */
  readonly origin: string;
  /** By which it joins, once. */
  readonly token: string;
  readonly version: string;
}

/** All that is not ours is a value in single quotes: nothing of it is read as a command. The whole is a function that is called in the last line, so that a
 *  download which breaks off runs nothing. */
export function installScript({ origin, token, version }: InstallFacts): string {
  return `#!/bin/sh
# Makes this machine a host of the yard at the address below. Needs Node 24 or newer, and npm.
set -eu

yard=${quoted(origin)}
token=${quoted(token)}
version=${quoted(version)}
archive=${quoted(archiveName(version))}
directory=\${RUNYARD_AGENT_DIRECTORY:-\${XDG_DATA_HOME:-$HOME/.local/share}/runyard/host}

fail() {
  echo "runyard: $1" >&2
  exit 1
}

find_program() {
  if command -v runyard >/dev/null 2>&1; then
    program=runyard
    return
  fi
  command -v node >/dev/null 2>&1 || fail "Node 24 or newer is needed here: see https://nodejs.org"
  [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 24 ] || fail "Node 24 or newer is needed here; this is $(node --version)"
  command -v npm >/dev/null 2>&1 || fail "npm is needed here: it comes with Node"
  # The yard's own, if it has one to give away, and else the published one.
  npm install --silent --global --prefix "$directory/program" "$yard/install/$archive" ||
    npm install --silent --global --prefix "$directory/program" "runyard@$version" ||
    fail "runyard $version could not be installed"
  program=$directory/program/bin/runyard
}

main() {
  umask 077
  mkdir -p "$directory"
  find_program
  printf '%s\\n' "$token" > "$directory/token"
  echo "Joins $yard. To keep it running, have a service manager run:" >&2
  echo "  $program agent --join $yard --data $directory" >&2
  exec "$program" agent --join "$yard" --data "$directory" --token-file "$directory/token" "$@"
}

main "$@"
`;
}

/** Of the program, as the yard gives it away. */
export function archiveName(version: string): string {
  return `runyard-${version}.tgz`;
}

/** A word for a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\\\''")}'`;
}
