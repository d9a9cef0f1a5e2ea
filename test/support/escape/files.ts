// SPDX-License-Identifier: GPL-3.0-or-later
import type { Attempt } from './attempt.ts';

const sysctls = [
  ...['kernel/core_pattern', 'kernel/modprobe', 'kernel/hotplug', 'kernel/hostname', 'kernel/ns_last_pid', 'kernel/sysrq'],
  ...['vm/drop_caches', 'vm/overcommit_memory', 'fs/binfmt_misc/register', 'net/ipv4/ip_forward', 'net/core/somaxconn'],
];
const writable = [
  ...sysctls.map((name) => `/proc/sys/${name}`),
  ...['/proc/sysrq-trigger', '/proc/irq/default_smp_affinity', '/proc/bus/pci/00/00.0', '/proc/acpi/wakeup'],
  ...['/sys/kernel/uevent_helper', '/sys/kernel/mm/transparent_hugepage/enabled', '/sys/power/state', '/sys/kernel/profiling'],
];
const masked = ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/proc/sched_debug', '/sys/firmware/acpi/tables/DSDT'];
const devices = ['kmsg', 'mem', 'port', 'kvm', 'net/tun', 'loop0', 'loop-control', 'fuse', 'vda', 'sda', 'vhost-net', 'vsock'];

/** Devices that every container has, and that reach nothing. */
const harmless = [
  'null',
  'zero',
  'full',
  'random',
  'urandom',
  'tty',
  'console',
  'ptmx',
  'pts',
  'fd',
  'stdin',
  'stdout',
  'stderr',
];

/** Attempts on files: of the kernel, of this machine, and in folders that containers share with it. */
export const fileAttempts: readonly Attempt[] = [
  {
    name: 'write to settings of the kernel',
    script: `tried(opened($_, O_WRONLY), $_) for qw(${writable.join(' ')});`,
    refused: ['EROFS', 'ENOENT', 'EACCES'],
    lacking: ['ENOENT', 'EROFS', 'EACCES', 'EPERM'],
  },
  {
    name: 'write below /sys',
    script: `my @folders = ('/sys', '/sys/fs/cgroup');
      for my $depth (1 .. 3) {
        my @below;
        for my $folder (@folders) {
          for my $path (map { "$folder/$_" } names($folder)) {
            next if -l $path;
            if (-d _) { push @below, $path } else { tried(opened($path, O_WRONLY), $path) if -w _ || $depth == 1 }
          }
        }
        @folders = @below;
      }
      for my $group (grep { -e "$_/cgroup.procs" } '/sys/fs/cgroup', map { "/sys/fs/cgroup/$_" } names('/sys/fs/cgroup')) {
        tried(opened("$group/$_", O_WRONLY), "$group/$_") for qw(release_agent cgroup.procs);
        tried(mkdir("$group/alpy-escape-$$") && rmdir("$group/alpy-escape-$$"), "mkdir $group");
      }`,
    refused: ['EROFS', 'ENOENT', 'EACCES', 'ENOTDIR'],
    lacking: ['EROFS', 'ENOENT', 'EACCES', 'ENOTDIR', 'EPERM', 'EINVAL', 'EIO'],
  },
  {
    name: 'read masked files of the kernel',
    script: `for my $path (qw(${masked.join(' ')})) {
      my $is = sysopen(my $file, $path, O_RDONLY | O_NONBLOCK);
      report($is ? (sysread($file, my $read, 4) ? 'open' : 'empty') : errno_name(), $path);
    }`,
    refused: ['empty', 'ENOENT', 'EACCES'],
    lacking: ['ENOENT', 'EPERM', 'empty'],
  },
  {
    name: 'find devices in /dev',
    script: `my %harmless = map { $_ => 1 } qw(${harmless.join(' ')} shm mqueue core), map { (split m{/})[0] } @allowed;
      my @others = grep { !$harmless{$_} } names('/dev');
      report(@others ? 'open' : 'none', "@others");`,
    refused: ['none'],
  },
  {
    name: 'open devices',
    script: `my %allowed = map { $_ => 1 } @allowed;
      tried(opened("/dev/$_", O_RDONLY), $_) for grep { !$allowed{$_} } qw(${devices.join(' ')});`,
    refused: ['ENOENT'],
    lacking: ['ENOENT', 'ENXIO', 'EPERM', 'EBUSY', 'ENODEV'],
  },
  {
    name: 'create device nodes',
    script: `for my $folder (writable_folders()) {
      for my $type (S_IFBLK, S_IFCHR) {
        my $path = "$folder/alpy-escape-$$";
        tried(sys('mknod', $path, $type | 0600, 0x101), $folder);
        unlink $path;
      }
    }
    report('nowhere') if !writable_folders();`,
    refused: ['EPERM'],
    refusedIn: { user: ['EPERM', 'nowhere'], qemu: ['EPERM', 'nowhere'] },
    lacking: ['EPERM'],
  },
  {
    name: 'give a program the capabilities of its file',
    script: `for my $folder (writable_folders()) {
      my $path = "$folder/alpy-escape-$$";
      sysopen(my $file, $path, O_WRONLY | O_CREAT) or die "$path: $!";
      tried(sys('setxattr', $path, 'security.capability', pack('L5', 0x02000000, 0x2000, 0, 0, 0), 20, 0), $folder);
      unlink $path;
    }
    report('nowhere') if !writable_folders();`,
    refused: ['EPERM', 'EOPNOTSUPP'],
    refusedIn: { user: ['EPERM', 'EOPNOTSUPP', 'nowhere'], qemu: ['EPERM', 'EOPNOTSUPP', 'nowhere'] },
    lacking: ['EOPNOTSUPP'],
  },
  {
    name: 'gain rights by a setuid program',
    script: `my ($folder) = grep { !m{^/dev} } writable_folders();
      if (!defined $folder) { report('nowhere'); return }
      my $path = "$folder/alpy-escape-$$";
      system('cp', '/usr/bin/id', $path) == 0 or die 'cannot copy id';
      chmod 04755, $path or die "$path: $!";
      become(65534, 65534, 0) if $> == 0;
      my $user = qx($path -u) // '';
      chomp $user;
      report($user eq '0' ? 'open' : $user eq '' ? 'cannot be executed' : 'still another user', $user);
      unlink $path;`,
    refused: ['still another user', 'cannot be executed'],
    refusedIn: {
      user: ['still another user', 'cannot be executed', 'nowhere'],
      qemu: ['still another user', 'cannot be executed', 'nowhere'],
    },
  },
  {
    name: 'run programs that gain rights',
    script: `report(status_of('self')->{NoNewPrivs} eq '1' ? 'no new privileges' : 'open');`,
    refused: ['no new privileges'],
  },
  {
    name: 'open files and folders of this machine',
    // "DEVICE:INODE PATH": a path may exist in the container, too, but then it is another file
    script: `for my $known (@files) {
      my ($device, $inode, $path) = $known =~ /^(\\d+):(\\d+) (.*)$/;
      my ($at, $number) = stat $path;
      report(!defined $at ? errno_name() : $at == $device && $number == $inode ? 'open' : 'another file', $path);
    }`,
    refused: ['ENOENT', 'EACCES', 'another file'],
  },
  {
    name: 'link to a file of this machine',
    // the only file of this machine that every container sees
    script: `tried(link('/etc/hosts', "$_/alpy-escape-$$"), $_) for writable_folders();
      report('nowhere') if !writable_folders();`,
    refused: ['EXDEV'],
    refusedIn: { user: ['EXDEV', 'EPERM', 'nowhere'], qemu: ['EXDEV', 'EPERM', 'nowhere'] },
    control: 'EXDEV',
  },
];
