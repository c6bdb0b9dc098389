/** What serves the agent in a container: the files, signals and the list of processes. It is root there and nothing elsewhere, so that no path, link or race leads
 *  it out. One request at a time: a line with the operation and its arguments, each after a "=" and with all but plain letters as octal escapes. The answer is
 *  "ok …" or "no <what the system said>", then what the operation says. */
import { ioPath, toolsPath } from "./paths.ts";

export const attendantScript = `
PATH=${toolsPath}/bin
umask 022
set -f
io=${ioPath}
device=$(stat -c %d /)
nonce=$1
record="$nonce %f %u %g %s %Y %n$nonce%N"

no() {
  echo "no $*"
}

# Whether one of these paths leads to another file system: what is there is not there, for our callers.
elsewhere() {
  for one in $(stat -L -c %d -- "$@" 2>/dev/null); do
    [ $one = $device ] || { no "No such file or directory"; return 0; }
  done
  return 1
}

# The directory that a path is in.
parent_of() {
  parent=\${1%/*}
  parent=\${parent:-/}
}

# Passes on the end of what a program has said.
said() {
  while read -r line; do no "\${line##*: }"; return; done
  no "Input/output error"
}

show() {
  said=$(stat -c "%d $record" -- "$1" 2>&1) || { echo "$said" | said; return; }
  [ "\${said%% *}" = $device ] || { no "No such file or directory"; return; }
  printf 'ok\\n%s\\n%s.\\n' "\${said#* }" $nonce
}

list() {
  elsewhere "$1" && return
  said=$(stat -L -- "$1" 2>&1 >/dev/null) || { echo "$said" | said; return; }
  [ -d "$1" ] || { no "Not a directory"; return; }
  echo ok
  find "$1/" -xdev -mindepth 1 -maxdepth $2 -exec stat -c "$record" -- {} + 2>/dev/null
  printf '%s.\\n' $nonce
}

# As descriptor 5, of that size.
open_to_read() {
  elsewhere "$1" && return 1
  said=$(stat -L -- "$1" 2>&1 >/dev/null) || { echo "$said" | said; return 1; }
  [ -f "$1" ] || { no "it is no regular file"; return 1; }
  exec 5<"$1" || exit 1
  size=$(stat -Lc %s /proc/self/fd/5)
}

# As many bytes as were promised: what is cut off meanwhile is made up with zeros, and how many there really were is said after them.
# "lent": whoever asks may take them by our descriptor 5, and says whether he has.
read_file() {
  open_to_read "$1" || return
  if [ "$2" = lent ]; then
    echo "ok $size $$"
    read -r how
    [ "$how" = taken ] && { exec 5<&-; echo ok; return; }
  else
    echo "ok $size"
  fi
  dd bs=1M iflag=count_bytes count=$size status=none <&5
  sent=0
  while read -r name value; do [ "$name" = pos: ] && sent=$value; done </proc/self/fdinfo/5
  exec 5<&-
  [ "$sent" = $size ] || head -c $((size - sent)) /dev/zero
  echo "$sent"
}

# Pieces, each after its length and, where it does not follow the one before, its position; or somebody else writes, by our descriptor 6. 0 is the end.
write_file() {
  parent_of "$1"
  elsewhere "$parent" "$1" && return
  [ -d "$parent" ] || said=$(mkdir -p -- "$parent" 2>&1) || { echo "$said" | said; return; }
  mode=$2
  if [ -e "$1" ]; then
    [ -f "$1" ] || { no "it is no regular file"; return; }
    mode=
  fi
  { command exec 6>"$1"; } 2>"$io/said.$$" || { said <"$io/said.$$"; return; }
  [ "$mode" ] && [ $mode != 644 ] && chmod $mode -- "$1"
  echo "ok $$"
  while read -r size at && [ "$size" -gt 0 ]; do
    set -- bs="$size" count=1 iflag=fullblock status=none
    [ "$at" ] && set -- "$@" oflag=seek_bytes seek="$at" conv=notrunc
    dd "$@" >&6 2>"$io/said.$$" || { said <"$io/said.$$"; exit; }
  done
  exec 6>&-
  [ "$size" = 0 ] && echo ok || exit
}

make_directory() {
  parent_of "$1"
  elsewhere "$parent" && return
  [ -d "$parent" ] || said=$(mkdir -p -- "$parent" 2>&1) || { echo "$said" | said; return; }
  said=$(mkdir -- "$1" 2>&1) && echo ok || echo "$said" | said
}

move() {
  parent_of "$2"
  elsewhere "$parent" && return
  parent_of "$1"
  elsewhere "$parent" && return
  said=$(mv -f -T -- "$1" "$2" 2>&1) && echo ok || echo "$said" | said
}

# From inside of what is removed: a link that is put in its place meanwhile leads nobody elsewhere.
remove() {
  parent_of "$1"
  elsewhere "$parent" && return
  if [ -d "$1" ] && [ ! -L "$1" ]; then
    said=$({
      cd -- "$1" || exit 1
      both=$(stat -c %d:%i -- . "$1")
      [ "\${both%%[!0-9:]*}" = "\${both##*[!0-9:]}" ] || { echo "x: No such file or directory"; exit 1; }
      find . -xdev -mindepth 1 -maxdepth 1 -exec rm -rf -- {} + && cd / && rmdir -- "$1"
    } 2>&1) && echo ok || echo "$said" | said
  else
    said=$(rm -f -- "$1" 2>&1) && echo ok || echo "$said" | said
  fi
}

# Of the line that /proc has for a process: what follows the name, which may hold anything.
state_of() {
  IFS= read -r line <"$1/stat" || return
  set -- \${line##*) }
  parent=$2 group=$3
} 2>/dev/null

# To a group. A terminal's group has two members that belong to us: its first, and the parent of the one that was started.
send() {
  [ "$3" = terminal ] || { kill -s "$1" -- "-$2" 2>/dev/null; echo ok; return; }
  set +f
  state_of "/proc/$2" && ours=$parent its=$group
  for one in /proc/[0-9]*; do
    pid=\${one#/proc/}
    state_of $one && [ $group = $its ] && [ $pid != $ours ] && [ $pid = $2 -o $pid != $its ] && kill -s "$1" $pid 2>/dev/null
  done
  set -f
  echo ok
}

# Number of open files, then the line of /proc.
processes() {
  set +f
  echo ok
  for one in /proc/[0-9]*; do
    IFS= read -r line <$one/stat || continue
    set -- $one/fd/*
    echo "$# $line"
  done 2>/dev/null
  set -f
  printf '%s.\\n' $nonce
}

# Figures of the container's control groups, of whichever version they are. Nothing is started: there may be no process to be had.
figures() {
  echo ok
  cd /sys/fs/cgroup
  for one in cpu.stat memory.stat memory/memory.stat; do
    [ -r $one ] && while read -r name value; do echo "$name $value"; done <$one
  done
  for one in memory.current pids.current cpuacct/cpuacct.usage cpu,cpuacct/cpuacct.usage memory/memory.usage_in_bytes pids/pids.current; do
    [ -r $one ] && read -r value <$one && echo "\${one##*/} $value"
  done
  cd /
  printf '%s.\\n' $nonce
}

# Addresses, as the kernel writes them, that a port is listened to at.
listeners() {
  echo ok
  port=$(printf ':%04X' $1)
  for family in tcp tcp6; do
    while read -r _ at _ state _; do
      [ "$state" = 0A ] && [ "\${at%$port}" != "$at" ] && echo "$family \${at%$port}"
    done </proc/net/$family
  done 2>/dev/null
  printf '%s.\\n' $nonce
}

# What a process has printed from that position on, until it has ended; then how. "no" if nothing of it is here.
follow() {
  d=$io/$1 stream=$2 at=$3 first=
  [ -e "$d/pid" ] || { no "No such file or directory"; return; }
  read -r pid <"$d/pid"
  [ -e "$d/terminal" ] && kill -s KILL $pid 2>/dev/null
  while :; do
    done= gone=
    [ -s "$d/status" ] && done=1 || kill -0 $pid 2>/dev/null || gone=1
    segment= oldest=
    set +f
    for one in "$d/$stream".*; do
      [ -e "$one" ] || continue
      from=\${one##*.}
      [ "$oldest" ] && [ $oldest -lt $from ] || oldest=$from
      [ $from -le $at ] && { [ "$segment" ] && [ $segment -gt $from ] || segment=$from; }
    done
    set -f
    [ "$segment" ] || segment=$oldest
    if [ "$segment" ] && [ $segment -gt $at ]; then
      [ "$first" ] && exit
      at=$segment
    fi
    [ "$first" ] || echo "ok $pid $at"
    first=1
    size=0
    [ "$segment" ] && size=$(stat -c %s "$d/$stream.$segment" 2>/dev/null || echo 0)
    more=$((segment + size - at))
    if [ $more -gt 0 ]; then
      dd if="$d/$stream.$segment" bs=64k skip=$((at - segment)) count=$more iflag=skip_bytes,count_bytes status=none 2>/dev/null || exit
      at=$((at + more))
    elif [ "$done" ]; then
      read -r status <"$d/status"
      printf '\\0%s %s\\n' $nonce "$status"
      exit
    elif [ "$gone" ]; then
      usleep 500000
      [ -s "$d/status" ] && continue
      printf '\\0%s - - 0\\n' $nonce
      exit
    else
      usleep 50000
    fi
  done
}

decode() {
  decoded=\${1#=}
  case $1 in
    *\\\\*) ;;
    *) return ;;
  esac
  decoded=$(printf '%b.' "\${1#=}")
  decoded=\${decoded%.}
}

while read -r operation one two three; do
  decode "$one"; one=$decoded
  decode "$two"; two=$decoded
  decode "$three"; three=$decoded
  $operation "$one" "$two" "$three"
done
`;
