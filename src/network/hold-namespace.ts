// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * A line of shell that starts a process which holds the network namespace, and puts its PID into `holder`. `ip link set … netns PID`
 * opens the namespace of a process. The kernel allows that only if the caller is the same user and has all capabilities of that process.
 * So a process of root without capabilities holds the namespace. It prints its PID when it has dropped them.
 */
export const holdNamespace =
  "holder=$(setpriv --inh-caps=-all --bounding-set=-all sh -c 'echo $$; exec sleep infinity >/dev/null' </dev/null 2>/dev/null &)";
