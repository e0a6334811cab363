#!/bin/sh
# Everything is sold and nothing bought again: flatten every account of the home, then stop its agents and see that all
# of it is confirmed. For one account: name it.
#
#     scripts/emergency_shutdown.sh REASON [JOURNAL ...]
#
# It is thin over `agent flatten` and `agent stop`, which a person may type as well. One account that cannot be flattened
# keeps none of the others waiting. A journal that was put aside is left alone unless it is named: another goes on with its
# account, and what it held may be sold by now; where it held something that is said, with exit code 1.
# Exit code 0: nothing is held anywhere and nothing runs. 1: something is left, and what.
set -u
agent=${AGENT:-$(dirname "$0")/../.venv/bin/agent}
[ $# -ge 1 ] && [ -n "$1" ] || { echo "emergency_shutdown: say why: $0 REASON [JOURNAL ...]" >&2; exit 2; }
reason=$1
shift
aside=
if [ $# -eq 0 ]; then
    names=$("$agent" journal list --json | sed -n 's/.*"journal": *"\([^"]*\)".*/\1/p') || exit 1
    aside=$(printf '%s\n' "$names" | grep -E '\.[0-9]{8}T[0-9]{6}$')
    names=$(printf '%s\n' "$names" | grep -Ev '\.[0-9]{8}T[0-9]{6}$')
    [ -n "$names" ] || { names=$aside aside=; } # nothing goes on with those
else
    names=$(printf '%s\n' "$@")
fi
[ -n "$names" ] || { echo "emergency_shutdown: there is no account here" >&2; exit 0; }
told=$(mktemp -d)
trap 'rm -rf "$told"' EXIT
for name in $names; do
    "$agent" kill --reason "$reason" --journal "$name" >/dev/null 2>&1 & # no entry anywhere from now on
done
wait
for name in $names; do
    {
        left=0
        "$agent" flatten --reason "$reason" --journal "$name" || left=1
        "$agent" stop --reason "$reason" --journal "$name" || left=1
        [ $left = 0 ] || echo "$name" >"$told/left.$name"
    } >"$told/words.$name" 2>&1 &
done
wait
for name in $names; do
    echo "$name:"
    cat "$told/words.$name"
done
for name in $names; do
    [ ! -e "$told/left.$name" ] || { echo "emergency_shutdown: something is left, see above" >&2; exit 1; }
done
left=0
for name in $aside; do
    [ "$("$agent" positions --journal "$name" --json 2>/dev/null)" = "[]" ] && continue
    echo "emergency_shutdown: $name was put aside and is left alone; name it if what it held is still there" >&2
    left=1
done
exit $left
