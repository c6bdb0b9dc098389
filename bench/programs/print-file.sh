# An app that prints a file, and says when it began and when it had printed all: two lines of nanoseconds.
# Usage: sh print-file.sh FILE TIMES
date +%s%N >"$2"
cat "$1"
date +%s%N >>"$2"
