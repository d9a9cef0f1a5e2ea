// SPDX-License-Identifier: GPL-3.0-or-later
import type { Attempt } from './attempt.ts';

/** Runs Perl code, with `$pid`, for each process that protects the testbed. Where no such process can be seen, it prints that. */
const forGuarded = (body: string): string => `for my $pid (guarded()) { ${body} }\nreport('none') if !guarded();`;

/** What a container without the lifeline's processes in sight reports. */
const unseen = ['none'];

const readable = ['environ', 'mem', 'maps', 'smaps', 'pagemap', 'auxv', 'syscall', 'personality', 'stack', 'io', 'timers'];

const ofProcesses: readonly Attempt[] = [
  {
    name: 'follow /proc/PID/root, cwd and exe',
    script: forGuarded(`for my $file (qw(root cwd exe)) {
      tried(defined readlink("/proc/$pid/$file"), "$pid $file");
      tried(defined listed("/proc/$pid/$file/"), "$pid $file/") if $file ne 'exe';
    }`),
    refused: ['EACCES'],
  },
  {
    name: 'read files of /proc/PID',
    script: forGuarded(`for my $file (qw(${readable.join(' ')})) {
      next if !-e "/proc/$pid/$file";
      my $is = sysopen(my $opened, "/proc/$pid/$file", O_RDONLY);
      # some are checked only when they are read
      tried($is && ($file eq 'mem' || defined sysread($opened, my $read, 8)), "$pid $file");
    }`),
    refused: ['EACCES', 'EPERM'],
  },
  {
    name: 'write to the memory of a process',
    script: forGuarded('tried(opened("/proc/$pid/mem", O_WRONLY), $pid)'),
    refused: ['EACCES'],
  },
  {
    name: 'open the files and namespaces of a process',
    script: forGuarded(`for my $folder (qw(fd map_files ns fdinfo)) {
      my $names = listed("/proc/$pid/$folder");
      tried(undef, "$pid $folder") if !defined $names;
      $names = [0 .. 9] if $folder eq 'fd'; # guessed
      for my $name (@{$names // []}) {
        next if $folder eq 'fd' && !-l "/proc/$pid/fd/$name";
        tried(defined readlink("/proc/$pid/$folder/$name"), "$pid $folder/$name") if $folder ne 'fdinfo';
        tried(opened("/proc/$pid/$folder/$name"), "open $pid $folder/$name");
      }
    }`),
    refused: ['EACCES', 'EPERM'],
    lacking: ['ENXIO'], // a socket
  },
  {
    name: 'trace a process',
    // the tracee goes on when this process ends
    script: forGuarded(`for my $seizes (1, 0) {
      my $child = fork // die "fork: $!";
      if (!$child) {
        my $is = tried(sys('ptrace', $seizes ? 0x4206 : 16, $pid, 0, 0), ($seizes ? 'PTRACE_SEIZE ' : 'PTRACE_ATTACH ') . $pid);
        if ($is && !$seizes) { waitpid($pid, 0x40000000); sys('ptrace', 17, $pid, 0, 0) } # detaches when it has stopped
        POSIX::_exit(0);
      }
      waitpid($child, 0);
    }`),
    refused: ['EPERM'],
  },
  {
    name: "read a process's memory",
    script: forGuarded(`my $buffer = "\\0" x 8;
      my $local = pack('PQ', $buffer, 8);
      my ($from) = (content("/proc/$pid/maps") // '400000-') =~ /^([0-9a-f]+)/;
      tried(sys('process_vm_readv', $pid, $local, 1, pack('QQ', hex($from), 8), 1, 0), $pid);`),
    refused: ['EPERM'],
  },
  {
    name: "take a process's file descriptor",
    script: forGuarded(`my $fd = sys_fd('pidfd_open', $pid, 0);
      tried(defined $fd && sys('pidfd_getfd', $fd, 0, 0), $pid);`),
    refused: ['EPERM'],
    lacking: ['ENOSYS'],
  },
];

/**
 * What would need no more than the same user, so QEMU must not be in sight. A program on a node that runs as root can do this to the
 * lifeline: it ends its own testbed, which it can also do by ending its node, and reaches nothing.
 */
const onQemu: readonly Attempt[] = [
  {
    name: 'send a signal to QEMU',
    script: `for my $pid (qemus()) { tried(kill(0, $pid), $pid) }
      report('none') if !qemus();`,
    refused: ['none'],
  },
  {
    name: 'change the limits and priority of QEMU',
    script: `for my $pid (qemus()) {
      my $limit = "\\0" x 16;
      my $is = tried(syscall($nr{prlimit64}, $pid, 7, 0, $limit) == 0, "read limits of $pid");
      tried(syscall($nr{prlimit64}, $pid, 7, $limit, 0) == 0, "set limits of $pid") if $is;
      tried(sys('setpriority', 0, $pid, 0), "priority of $pid");
    }
    report('none') if !qemus();`,
    refused: ['none'],
  },
];

/** The same as another user: an app may become any user, and only keeps fewer capabilities. */
const asOther = ({ name, script, ...rest }: Attempt): Attempt => ({
  ...rest,
  name: `as the same user: ${name}`,
  script: `@guarded = guarded();
    my %users = map { my $status = status_of($_); ((split ' ', $status->{Uid})[0] . ':' . (split ' ', $status->{Gid})[0], 1) } @guarded;
    $users{$_} = 1 for @users;
    for my $user (sort keys %users) {
      for my $keeps (0, 1) {
        my $child = fork // die "fork: $!";
        if (!$child) {
          my ($uid, $gid) = map { 0 + $_ } split /:/, $user;
          if (become($uid, $gid, $keeps)) { ${script} } else { report('cannot become ' . errno_name(), $user) }
          POSIX::_exit(0);
        }
        waitpid($child, 0);
      }
    }`,
  lacking: ['EACCES', 'EPERM', ...(rest.lacking ?? [])], // without capabilities, even the control is refused
});

const withoutSight = (attempt: Attempt): Attempt => ({
  ...attempt,
  refusedIn: {
    user: [...attempt.refused, ...(attempt.name.startsWith('as the same user') ? ['cannot become EPERM'] : [])],
    job: unseen,
    qemu: [...unseen, 'cannot become EPERM'],
  },
});

/** Attempts on processes that protect the testbed, on other processes of this machine, and on another testbed's. */
export const processAttempts: readonly Attempt[] = [
  ...[...ofProcesses, ...ofProcesses.map(asOther)].map(withoutSight),
  ...onQemu,
  {
    name: 'see a process of this machine by its PID',
    // a small number may be that of a process of the own testbed
    script: `tried(-e "/proc/$_" && (content("/proc/$_/cmdline") // '') =~ /$marker/, $_) for @machine;`,
    refused: ['ENOENT'],
  },
  {
    name: 'find the marks of others in command lines and environments',
    script: `my @found = grep { my $pid = $_; grep { (content("/proc/$pid/$_") // '') =~ /$marker/ } qw(cmdline environ) } pids();
      report(@found ? 'open' : 'absent', "@found");`,
    refused: ['absent'],
  },
  {
    name: 'find secrets of this machine in the own environment',
    script: `report((content('/proc/self/environ') =~ /$marker/) ? 'open' : 'absent');`,
    refused: ['absent'],
    control: 'absent',
  },
];
