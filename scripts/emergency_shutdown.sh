#!/bin/sh
# Everything is sold and nothing bought again: flatten every account of the home, then stop its agents and see that all
# of it is confirmed. For one account: name it.
#
#     scripts/emergency_shutdown.sh REASON [JOURNAL ...]
#
# It is thin over `agent flatten` and `agent stop`, which a person may type as well. One account that cannot be flattened
# keeps none of the others waiting. A journal that was put aside is left alone unless it is named: another goes on with its
# account, and what it held may be sold by now; where it held something that is said, with exit code 1.
# Exit code 0: nothing is held anywhere and nothing runs. 1: something is left, and what, or there is no account. 2: nothing
# was done, for want of a reason or of the program.
set -u
agent=${AGENT:-$(dirname "$(readlink -f "$0")")/../.venv/bin/agent}
[ -n "${AGENT:-}" ] || [ -x "$agent" ] || agent=agent # of a wheel, on the PATH
command -v "$agent" >/dev/null 2>&1 || { echo "emergency_shutdown: there is no program $agent: name it as AGENT=PATH" >&2; exit 2; }
[ $# -ge 1 ] && [ -n "$1" ] || { echo "emergency_shutdown: say why: $0 REASON [JOURNAL ...]" >&2; exit 2; }
reason=$1
shift
aside=
if [ $# -eq 0 ]; then
    # On its own, for a pipe ends as its last part does: a home that cannot be read is not one without accounts.
    listed=$("$agent" journal list --json) || { echo "emergency_shutdown: nothing was done" >&2; exit 1; }
    names=$(printf '%s\n' "$listed" | sed -n 's/.*"journal": *"\([^"]*\)".*/\1/p')
    aside=$(printf '%s\n' "$names" | grep -E '\.[0-9]{8}T[0-9]{6}$')
    names=$(printf '%s\n' "$names" | grep -Ev '\.[0-9]{8}T[0-9]{6}$')
    [ -n "$names" ] || { names=$aside aside=; } # nothing goes on with those
else
    names=$(printf '%s\n' "$@")
fi
[ -n "$names" ] || { echo "emergency_shutdown: no account in ${AGENT_HOME:-the home}: is AGENT_HOME right?" >&2; exit 1; }
for name in $names; do
    "$agent" kill --reason "$reason" --journal "$name" >/dev/null 2>&1 & # no entry anywhere from now on
done
wait
each() { # NAME: what became of one account, told in one piece; no file is written, for the disk may be what is wrong
    amiss=0
    words=$("$agent" flatten --reason "$reason" --journal "$1" 2>&1) || amiss=1
    stopped=$("$agent" stop --reason "$reason" --journal "$1" 2>&1) || amiss=1
    printf '%s:\n%s\n%s\n' "$1" "$words" "$stopped"
    return $amiss
}
left=0 at_work=
for name in $names; do
    each "$name" &
    at_work="$at_work $!"
done
for process in $at_work; do
    wait "$process" || left=1
done
[ $left = 0 ] || { echo "emergency_shutdown: something is left, see above" >&2; exit 1; }
for name in $aside; do
    [ "$("$agent" positions --journal "$name" --json 2>/dev/null)" = "[]" ] && continue
    echo "emergency_shutdown: $name was put aside and is left alone; name it if what it held is still there" >&2
    left=1
done
exit $left
