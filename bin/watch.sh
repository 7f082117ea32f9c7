#!/bin/sh
# Watches the embedded service, and has what died of it started again. It is a shell and not Node because it is there all
# the time: it costs a megabyte, and a `sleep` every two seconds. All that takes thought is done by the repair, a program
# of a second or two that runs only when something is wrong.
#
# watch.sh --watched-service DIR --node NODE --repair FILE
#
# DIR/watched holds one line: the pid and the start of the server, then those of the worker.
# DIR/worker.beat holds a number that the worker counts up while its event loop turns.

ROUND_SEC=2
STUCK_ROUNDS=30 # a minute without a beat
CALM_ROUNDS=60  # two minutes without a death: the next one is mended at once again
MOST_PAUSE=60
REPAIR_OVER=10 # what the repair exits with when there is nothing to watch any more

# All of it is read before any of it runs: the file may be replaced meanwhile.
main() {
  dir=$2 node=$4 repair=$6
  pause=1 calm=0 still=0 last=''
  while :; do
    sleep "$ROUND_SEC"
    [ -e "$dir/service.json" ] || exit 0 # `orch down` takes it away
    look
    if [ -z "$why" ]; then
      calm=$((calm + 1))
      [ "$calm" -lt "$CALM_ROUNDS" ] || pause=1
      continue
    fi
    calm=0 still=0
    "$node" "$repair" --watched-service "$dir" --why "$why"
    [ $? -ne "$REPAIR_OVER" ] || exit 0
    sleep "$pause"
    pause=$((pause * 2))
    [ "$pause" -le "$MOST_PAUSE" ] || pause=$MOST_PAUSE
  done
}

# Sets `why`, empty where all is well.
look() {
  why=''
  { read -r server server_start worker worker_start <"$dir/watched"; } 2>/dev/null || return 0
  lives "$server" "$server_start" || why=dead
  lives "$worker" "$worker_start" || why=dead
  beat=''
  { read -r beat <"$dir/worker.beat"; } 2>/dev/null
  if [ -n "$beat" ] && [ "$beat" = "$last" ]; then still=$((still + 1)); else still=0; fi
  last=$beat
  [ "$still" -lt "$STUCK_ROUNDS" ] || why=${why:-stuck}
}

# Without a fork: what /proc says is read by the shell itself. Elsewhere a pid has to do.
lives() {
  if [ -r /proc/self/stat ]; then
    start=$2
    { IFS= read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    # The name of a program stands in parentheses and may hold anything, so the fields are counted from its end.
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    [ "$1" != Z ] && [ "$1" != X ] && [ "${20}" = "$start" ]
  else
    kill -0 "$1" 2>/dev/null
  fi
}

main "$@"
exit
