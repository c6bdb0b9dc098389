# An app that notes when it was started: `due started`, in seconds, appended to a file.
# Usage: sh note-start.sh DUE FILE
echo "$1 $(date +%s.%N)" >>"$2"
