// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * The program `alpy` in a job's container. It needs a POSIX shell and coreutils or busybox. It writes its arguments to a file,
 * announces that in the pipe `requests`, and copies the answer from pipes that it has created. The server opens those for writing
 * without waiting, so they are opened here before the request.
 */
export const clientScript = `#!/bin/sh
# Acts on the testbed of this job: alpy help tells how.
set -u
session=\${ALPY_SESSION:-/alpy}
call=$(mktemp "$session/calls/XXXXXXXX") || exit 3
trap 'rm -f "$call" "$call.in" "$call.out" "$call.err" "$call.done" "$call.status"' EXIT
mkfifo -m 666 "$call.out" "$call.err" "$call.done" || exit 3
[ $# -eq 0 ] || printf '%s\\0' "$@" >"$call"
# -i belongs to exec, and stands before the program: exec NODE -i PROGRAM
count=0
for word; do
  case $word in
    --) break ;;
    -i | --stdin) cat >"$call.in" && chmod 644 "$call.in"; break ;;
    -*) ;;
    *) count=$((count + 1)); [ $count -le 2 ] || break ;;
  esac
done
chmod 644 "$call"
# a pipe opened for both never waits, and lets the next line open its end for reading at once
exec 3<>"$call.out" 4<>"$call.err" 5<>"$call.done"
exec 6<"$call.out" 7<"$call.err" 8<"$call.done"
cat <&6 3>&- 4>&- 5>&- 6<&- 7<&- 8<&- &
out=$!
cat <&7 >&2 3>&- 4>&- 5>&- 6<&- 7<&- 8<&- &
err=$!
trap 'echo "cancel \${call##*/}" >"$session/requests"; exit 143' TERM HUP
trap 'echo "cancel \${call##*/}" >"$session/requests"; exit 130' INT
echo "call \${call##*/}" >"$session/requests"
head -n 1 <&8 3>&- 4>&- 6<&- 7<&- >"$call.status" &
wait $!
exec 3>&- 4>&- 5>&- 6<&- 7<&- 8<&-
wait "$out" "$err"
exit "$(cat "$call.status")"
`;
