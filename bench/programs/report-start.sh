# An app that says at its start which process it is: `name pid` into the named pipe, then sleeps.
# Usage: sh report-start.sh NAME PIPE
echo "$1 $$" >"$2"
exec sleep 600
