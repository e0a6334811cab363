#!/bin/sh
# Looks an account over after whatever happened and says whether it may trade again: its journal is whole, a replay comes
# to the same, and venue and journal are in line. It trades nothing; what to do next stands behind each finding.
#
#     scripts/recover_state.sh JOURNAL [OPTIONS OF `agent reconcile` ...]
#
# It is thin over `agent journal verify`, `agent replay`, `agent reconcile` and `agent status`. Exit code 0: in order.
# 1: something is not, and what. 2: there is no such account, or no program.
set -u
agent=${AGENT:-$(dirname "$(readlink -f "$0")")/../.venv/bin/agent}
[ -n "${AGENT:-}" ] || [ -x "$agent" ] || agent=agent # of a wheel, on the PATH
command -v "$agent" >/dev/null 2>&1 || { echo "recover_state: there is no program $agent: name it as AGENT=PATH" >&2; exit 2; }
[ $# -ge 1 ] || { echo "recover_state: name the account: $0 JOURNAL" >&2; exit 2; }
name=$1
shift
"$agent" status --journal "$name" >/dev/null || [ $? -ne 2 ] || exit 2
amiss=0
step() { # WHAT, REMEDY, WORDS...
    what=$1 remedy=$2
    shift 2
    echo "$what:"
    "$agent" "$@" --journal "$name" || { amiss=1; echo "  -> $remedy"; }
}
step "The journal is whole" "docs/runbook.md, The journal is broken: restore it from a backup" journal verify
step "A replay comes to the same" "it was written by another version, or it was changed: docs/runbook.md, It ended" replay
step "Venue and journal are in line" "agent reconcile --adopt counts what the venue holds, once you know why" reconcile "$@"
step "It stands so" "agent doctor says more" status
exit $amiss
