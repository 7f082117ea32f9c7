#!/bin/sh
# One step of the chaos plan: step.sh FOLDER ID LINES PAUSE EXIT_CODE
# It takes a lock, leaves one line as its side effect, prints slowly and ends with the exit code.
dir=$1 id=$2 lines=$3 pause=$4 code=$5
exec 9>"$dir/lock-$id"
# Children inherit the lock, so it also tells of what a killed start has left running.
flock -n 9 || { echo "$id $$" >>"$dir/two-at-once"; exit 99; }
echo "$id $$" >>"$dir/effects"
i=0
while [ "$i" -lt "$lines" ]; do
  echo "$id out $i $FILLER"
  echo "$id err $i" >&2
  sleep "$pause"
  i=$((i + 1))
done
echo "value=$id-$lines" >>"$ORCH_OUTPUT"
exit "$code"
