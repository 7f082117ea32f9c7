#!/bin/sh
# One step of the chaos plan: step.sh FOLDER ID LINES PAUSE EXIT_CODES, one code for each attempt, as in 5,0
# It takes a lock, leaves one line as its side effect, prints slowly and ends with the attempt's exit code.
dir=$1 id=$2 lines=$3 pause=$4 codes=$5
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
exit "$(echo "$codes" | cut -d, -f"$ORCH_ATTEMPT")"
