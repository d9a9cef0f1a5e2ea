// SPDX-License-Identifier: GPL-3.0-or-later
import type { Attempt } from './attempt.ts';

const noFeature = ['ENOSYS', 'ENODEV', 'ENOENT', 'EOPNOTSUPP'];
const call = (name: string, script: string, more: Partial<Attempt> = {}): Attempt => ({
  name,
  script: `tried(${script});`,
  refused: ['EPERM'],
  lacking: ['ENOSYS'],
  ...more,
});

/** An attempt with arguments that do nothing: the control gets past the check of its rights and fails after it. */
const harmless = (name: string, script: string, control: string): Attempt => call(name, script, { control });

/** Attempts to change mounts and namespaces. */
export const namespaceAttempts: readonly Attempt[] = [
  {
    name: 'mount file systems',
    script: `for my $type (qw(tmpfs proc sysfs devtmpfs devpts debugfs tracefs)) { tried(sys('mount', 'none', '/mnt', $type, 0, 0), $type) }`,
    refused: ['EPERM'],
    lacking: noFeature,
  },
  call('bind a folder', `sys('mount', '/', '/mnt', 'none', 4096, 0)`),
  call('remount a folder as writable', `sys('mount', 'none', '/etc/hosts', 'none', 32 | 4096, 0)`),
  call('mount an overlay', `sys('mount', 'overlay', '/mnt', 'overlay', 0, 'lowerdir=/etc:/usr')`, { lacking: noFeature }),
  call('unmount', `sys('umount2', '/mnt', 2)`),
  call('open a new file system', `defined sys_fd('fsopen', 'tmpfs', 0)`),
  call('copy a tree of mounts', `defined sys_fd('open_tree', -100, '/', 1)`),
  call('reconfigure a mount', `defined sys_fd('fspick', -100, '/', 0)`),
  harmless('pivot_root', `sys('pivot_root', '/tmp', '/tmp')`, 'EBUSY'),
  {
    name: 'create namespaces',
    script: `for my $flag (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x4000000, 0x8000000, 0x2000000) {
      my $child = fork // die "fork: $!";
      if (!$child) { tried(sys('unshare', $flag), sprintf '0x%x', $flag); POSIX::_exit(0) }
      waitpid($child, 0);
    }`,
    refused: ['EPERM'],
    lacking: ['EINVAL', 'ENOSYS'],
  },
  {
    name: 'create a process in a namespace of its own user',
    script: `my $arguments = pack('Q8', 0x10000000, 0, 0, 0, 17, 0, 0, 0);
      my $pid = syscall($nr{clone3}, $arguments, 64);
      POSIX::_exit(0) if $pid == 0;
      tried($pid > 0);
      waitpid($pid, 0) if $pid > 0;`,
    refused: ['EPERM', 'ENOSYS'],
  },
  {
    name: 'enter a namespace',
    script: `for my $name (qw(mnt net pid)) { my $is = sysopen(my $file, "/proc/self/ns/$name", O_RDONLY); tried($is && sys('setns', fileno $file, 0), $name) }`,
    refused: ['EPERM'],
  },
];

/** Sets the length of the clock's tick to what it is. */
const setClock = `my $timex = "\\0" x 208;
  syscall($nr{adjtimex}, $timex) >= 0 or die "adjtimex: $!";
  substr($timex, 0, 4) = pack('L', 0x4000);
  tried(syscall($nr{adjtimex}, $timex) >= 0);`;

/** Attempts to use calls of the kernel that concern the whole machine. */
export const kernelAttempts: readonly Attempt[] = [
  call('look at keys', `sys('keyctl', 0, -3, 0)`),
  call('add a key', `sys('add_key', 'user', 'alpy-escape', 'x', 1, -2)`),
  call('create a BPF map', `defined sys_fd('bpf', 0, pack('L5', 2, 4, 4, 1, 0), 20)`),
  call('open a performance counter', `defined sys_fd('perf_event_open', pack('L2Q', 1, 64, 9) . "\\0" x 48, 0, -1, -1, 0)`, {
    lacking: [...noFeature],
  }),
  call('handle page faults', `defined sys_fd('userfaultfd', 0)`),
  {
    name: 'open a file by its inode number',
    // the root folder of the file system of which /etc/hosts is a file
    script: `sysopen(my $mount, '/etc/hosts', O_RDONLY) or die "/etc/hosts: $!";
      tried(defined sys_fd('open_by_handle_at', fileno $mount, pack('LlL2', 8, 1, 2, 0), 0));`,
    refused: ['EPERM'],
    lacking: ['ESTALE', 'EOPNOTSUPP'],
  },
  harmless('load a kernel', `sys('kexec_load', 0, 0, 0, 0x80000000)`, 'EINVAL'),
  harmless('load a kernel file', `sys('kexec_file_load', -1, -1, 0, 0, 0x80000000)`, 'EINVAL'),
  harmless('load a module', `sys('init_module', 'x', 1, '')`, 'ENOEXEC'),
  harmless('load a module file', `sys('finit_module', -1, '', 0)`, 'EBADF'),
  harmless('unload a module', `sys('delete_module', 'alpy_escape', 0x800)`, 'ENOENT'),
  harmless('reboot', `sys('reboot', 0xfee1dead, 672274793, 0xbad, 0)`, 'EINVAL'),
  { name: 'set the clock', script: setClock, refused: ['EPERM'] },
  call('set the name of the host', `sys('sethostname', (POSIX::uname())[1], length((POSIX::uname())[1]))`),
  harmless('use a file for swap', `sys('swapon', '/alpy-escape', 0)`, 'ENOENT'),
  harmless('account for processes', `sys('acct', '/alpy-escape')`, 'ENOENT'),
  call('use input and output ports', `sys('iopl', 3)`),
  call('use one port', `sys('ioperm', 0x80, 1, 1)`),
  call("read the kernel's log", `sys('syslog', 3, "\\0" x 16, 16)`),
  call('watch all files of a mount', `defined sys_fd('fanotify_init', 4, 0)`),
  call('gain SYS_ADMIN', `sys('capset', pack('L2', 0x20080522, 0), pack('L6', 1 << 21, 1 << 21, 0, 0, 0, 0))`),
];
