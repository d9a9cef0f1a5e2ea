// SPDX-License-Identifier: GPL-3.0-or-later
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { MissedError } from './missed-error.ts';

/** State of a socket in `/proc/net/unix`. */
const states = { listening: '01', connected: '03' } as const;

// pidfd_open (434) and pidfd_getfd (438) have the same numbers on all architectures; 2 is SHUT_RDWR
const program = `my ($pid, @fds) = @ARGV;
my $process = syscall(434, $pid + 0, 0); die "pidfd_open: $!" if $process < 0;
for (@fds) {
  my $fd = syscall(438, $process, $_ + 0, 0); die "pidfd_getfd: $!" if $fd < 0;
  open(my $socket, '+<&=', $fd) or die "open: $!";
  shutdown($socket, 2) or die "shutdown: $!";
}`;

/**
 * Shuts sockets of another process down, as if the other end had gone.
 * @param folder - only sockets with a path below it
 * @throws MissedError when the process has none
 */
export function cutSockets(pid: number, folder: string, state: keyof typeof states): void {
  const lines = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const inodes = new Set(
    lines.filter((line) => line[5] === states[state] && line[7]?.startsWith(`${folder}/`)).map((line) => line[6]),
  );
  const fds = readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return inodes.has(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]);
    } catch {
      return false; // closed meanwhile
    }
  });
  if (fds.length === 0) throw new MissedError(`no ${state} socket of the scheduler`);
  execFileSync('perl', ['-e', program, String(pid), ...fds], { stdio: 'pipe' });
}
