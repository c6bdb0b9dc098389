/** What starts a process in a container and stays beside it. One call of the engine's exec runs it; its streams carry what the process reads and prints, and
 *  what is to be known of it:
 *
 *      standard output:  "<pid>\n" or "!<field> <reason>\n", then output, then the end: NUL nonce " <code> <signal> <kills>\n"
 *      standard error:   errors (if they have a log of their own), then the same end
 *
 *  An agent that dies takes its end of these streams along, and the engine then throws away what arrives. So everything printed also goes through a ring of
 *  segments, files of 512 KiB at most that are named by the position of their first byte, of which the last four are kept: the next agent reads there what it
 *  has not got, and goes on with it (`follow` in attendant-script.ts). What is kept lies in memory, bounded, and is no part of the container's files.
 *
 *  The exit status is that of wait(2), told apart by time(1): a shell alone cannot tell a signal from a code above 128. */
import { ioPath, toolsPath } from "./paths.ts";

/** Arguments: name of the directory for its traces, nonce, `merged` | `separate` | `terminal`, `none` | `open` (standard input), directory, columns, rows, then the program and its
 *  arguments. The environment of the process is in the variables v0, v1, … of this one, as NAME=value: a shell would lose names that it cannot use itself.
 *  `searched` is the PATH that the program is looked up on, and `done` lists processes whose traces can go. */
export const runScript = `
PATH=${toolsPath}/bin
umask 077
set -f
io=${ioPath}
for one in $done; do rm -rf "$io/$one"; done
d=$io/$1 nonce=$2 mode=$3 input=$4 cwd=$5 cols=$6 rows=$7
shift 7
exec 9>&1 8>&2
out= err=

refuse() {
  echo "!$1 $2" >&9
  exit 1
}

# How many processes of the container the kernel has killed for want of memory.
count_kills() {
  kills=0
  for one in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
    [ -r $one ] && while read -r name value; do [ "$name" = oom_kill ] && kills=$value; done <$one
  done
}

# Not a zombie.
is_alive() {
  IFS= read -r line <"/proc/$1/stat" || return
  case \${line##*) } in
    Z* | X*) return 1 ;;
  esac
} 2>/dev/null

# Goes on where whoever listens is gone: an SSH server closes the stream that an engine would have drained.
both() {
  trap "" PIPE
  exec tee "$1"
}

ring() {
  at=0 a= b= c= e=
  while dd bs=4k count=128 of="$d/$1.$at" 2>/dev/null; do
    size=$(stat -c %s "$d/$1.$at")
    [ "$size" -gt 0 ] || return
    [ "$a" ] && rm "$d/$1.$a"
    a=$b b=$c c=$e e=$at at=$((at + size))
  done
  cat >/dev/null
}

find_program() {
  case $1 in
    */*) set -- "$1" "$1"; searched= ;;
  esac
  why="there is no such program"
  IFS=:
  for directory in \${searched:-.}; do
    candidate=\${directory:-.}/$1
    [ "$2" ] && candidate=$2
    if [ -d "$candidate" ]; then why="$candidate is a directory"
    elif [ -f "$candidate" ] && [ -x "$candidate" ]; then
      unset IFS
      case $candidate in
        /*) file=$candidate ;;
        *) file=$cwd/$candidate ;;
      esac
      return
    elif [ -e "$candidate" ]; then why="$candidate is no executable file"
    fi
  done
  unset IFS
  refuse argv "$why"
}

[ "$cwd" ] || { [ -d "$HOME" ] && cwd=$HOME || cwd=/; }
cd -- "$cwd" 2>/dev/null || refuse cwd "$cwd is no directory there that this user may enter"
name=$1
shift
find_program "$name"
case $file in
  *=*) refuse argv "$file holds a '=': env(1) would take it for a variable" ;;
esac
set -- "$file" "$@"
i=$count
while [ $i -gt 0 ]; do
  i=$((i - 1))
  eval "set -- \\"\\$v$i\\" \\"\\$@\\"; unset v$i"
done
unset count searched done
mkdir "$d" 2>/dev/null || refuse - "there is no room in $io"
count_kills
before=$kills
mkfifo "$d/never"
exec 5<>"$d/never"
# Says its number, and becomes the program.
begin='d=$1; shift; echo "$$" >"$d/pid"; echo "$$" >&9; exec 5<&- 8>&- 9>&-; umask 022; exec env -i "HOME=$HOME" "$@"'

if [ $mode = terminal ]; then
  : >"$d/terminal"
  stty cols "$cols" rows "$rows"
  trap : INT QUIT TERM HUP USR1 USR2 TSTP WINCH
  time -o "$d/end" -f '' sh -c "$begin" sh "$d" "$@"
  code=$?
else
  mkfifo "$d/p-out" "$d/r-out"
  ring out <"$d/r-out" 5<&- 8>&- 9>&- &
  both "$d/r-out" <"$d/p-out" >&9 5<&- 8>&- 9>&- &
  out=$!
  if [ $mode = separate ]; then
    mkfifo "$d/p-err" "$d/r-err"
    ring err <"$d/r-err" 5<&- 8>&- 9>&- &
    both "$d/r-err" <"$d/p-err" >&8 5<&- 8>&- 9>&- &
    err=$!
    exec 6>"$d/p-out" 7>"$d/p-err"
  else
    exec 6>"$d/p-out" 7>&6
  fi
  rm -f "$d/p-out" "$d/p-err"
  exec 2>/dev/null # what is said here is not said by the process
  [ $input = none ] && exec </dev/null
  time -o "$d/end" -f '' setsid sh -c "$begin" sh "$d" "$@" >&6 2>&7 6>&- 7>&-
  code=$?
  exec 6>&- 7>&- </dev/null
fi

signal=0
read -r line <"$d/end"
case $line in
  "Command terminated by signal "*) signal=\${line##* } code=0 ;;
esac
read -r pid <"$d/pid"
[ "$pid" ] && kill -s KILL -- "-$pid" 2>/dev/null
# From here on nothing is started: there may be no process to be had. What has left the group may hold the streams open. It is not waited for, and not harmed.
for pause in 0.001 0.001 0.002 0.005 0.01 0.02 0.05 0.1 0.3 0.5; do
  { [ "$out" ] && is_alive $out; } || { [ "$err" ] && is_alive $err; } || break
  read -t $pause -r _ <&5
done
count_kills
status="$code $signal $((kills - before))"
echo "$status" >"$d/status"
printf '\\0%s %s\\n' $nonce "$status" >&9
[ $mode = separate ] && printf '\\0%s %s\\n' $nonce "$status" >&8
exit 0
`;
