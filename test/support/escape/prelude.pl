# Common to all attempts. Perl, because every Debian image has it and because it can make any system call.
use strict;
use warnings;
no warnings qw(portable redefine shadow);
use Errno;
use Fcntl qw(:DEFAULT :mode);
use POSIX ();
use Socket;
$| = 1;

our (@users, @allowed);
our %nr = (
  ioctl => 16, ptrace => 101, syslog => 103, setresuid => 117, setresgid => 119, setgroups => 116, capset => 126, mknod => 133,
  setpriority => 141, pivot_root => 155, prctl => 157, adjtimex => 159, chroot => 161, acct => 163, settimeofday => 164,
  mount => 165, umount2 => 166, swapon => 167, reboot => 169, sethostname => 170, setdomainname => 171, iopl => 172,
  ioperm => 173, init_module => 175, delete_module => 176, quotactl => 179, setxattr => 188, kexec_load => 246, add_key => 248,
  keyctl => 250, unshare => 272, perf_event_open => 298, fanotify_init => 300, prlimit64 => 302, open_by_handle_at => 304,
  setns => 308, process_vm_readv => 310, kcmp => 312, finit_module => 313, kexec_file_load => 320, bpf => 321,
  userfaultfd => 323, move_mount => 429, open_tree => 428, fsopen => 430, fspick => 433, clone3 => 435, pidfd_open => 434,
  pidfd_getfd => 438, mount_setattr => 442,
);

# Makes a system call. True if it succeeded; else $! says why. The kernel gets copies of the arguments.
sub sys { my ($name, @arguments) = @_; return syscall($nr{$name} // die("unknown call $name"), @arguments) != -1 }

# The same; returns the file descriptor that the call created, or undef.
sub sys_fd { my ($name, @arguments) = @_; my $fd = syscall($nr{$name}, @arguments); return $fd < 0 ? undef : $fd }

sub errno_name { my ($first) = sort grep { $!{$_} } keys %!; return $first // "errno " . ($! + 0) }

our $attempt;

# Reports what a trial achieved: `open` if the value is true, else the name of the error in $!. Each outcome at most three times.
sub tried { my ($value, $detail) = @_; report($value ? 'open' : errno_name(), $detail); return $value }
our %reported;
sub report {
  my ($outcome, $detail) = @_;
  return if $reported{$outcome}++ >= 3;
  $detail //= '';
  $detail =~ s/[\t\n]/ /g;
  print "$attempt\t$outcome\t$detail\n";
}

# Runs an attempt in a process of its own, so that it cannot disturb the others.
sub attempt {
  my ($name, $body) = @_;
  $attempt = $name;
  my $child = fork // die "fork: $!";
  if (!$child) {
    alarm 15;
    $! = 0;
    eval { $body->(); 1 } or report("error", $@);
    POSIX::_exit(0);
  }
  waitpid($child, 0);
  report('killed by signal ' . ($? & 127)) if $? & 127;
}

sub content { my ($path) = @_; sysopen(my $file, $path, O_RDONLY) or return undef; my $got = ''; while (sysread($file, my $part, 65536)) { $got .= $part } return $got }
sub opened { my ($path, $flags) = @_; return sysopen(my $file, $path, ($flags // O_RDONLY) | O_NONBLOCK | O_NOCTTY) }
sub listed { my ($path) = @_; opendir(my $folder, $path) or return undef; my @names = grep { !/^\.\.?$/ } readdir $folder; return \@names }
sub names { return @{ listed($_[0]) // [] } }
sub status_of { my ($pid) = @_; my %fields = (content("/proc/$pid/status") // '') =~ /^(\w+):\s*(.*)$/mg; return \%fields }

# All processes in sight, without those that this program started.
sub pids { my $own = getpgrp; return grep { (getpgrp($_) // 0) != $own } map { 0 + $_ } grep { /^\d+$/ } names('/proc') }

# The processes that a place must not reach. Beside a lifeline they have exactly the capabilities of PID 1, its first process. In a PID
# namespace of its own, a place sees no process of another container. The control names them.
our (@guarded, $alone);
sub guarded {
  return @guarded if @guarded;
  my $own = content('/proc/self/cgroup');
  return grep { content("/proc/$_/cgroup") ne $own } pids() if $alone;
  return grep { status_of($_)->{CapPrm} eq status_of(1)->{CapPrm} } pids();
}
sub qemus { return @guarded || $alone ? guarded() : grep { (content("/proc/$_/comm") // '') =~ /^qemu/ } pids() }

# Becomes another user and keeps as many capabilities as the kernel lets it. False, with $!, if that is refused.
sub become {
  my ($uid, $gid, $keep) = @_;
  sys('prctl', 8, $keep ? 1 : 0, 0, 0, 0) or return 0; # PR_SET_KEEPCAPS
  sys('setgroups', 0, 0);
  sys('setresgid', $gid, $gid, $gid) or return 0;
  sys('setresuid', $uid, $uid, $uid) or return 0;
  return 1 if !$keep;
  my $status = status_of('self');
  my @permitted = (hex(substr $status->{CapPrm}, 8), hex(substr $status->{CapPrm}, 0, 8));
  return sys('capset', pack('L2', 0x20080522, 0), pack('L6', $permitted[0], $permitted[0], 0, $permitted[1], $permitted[1], 0));
}

# Folders in which this program can create files: those of its mounts and the usual ones.
sub writable_folders {
  my @mounts = map { (split ' ')[4] } split /\n/, content('/proc/self/mountinfo');
  my %seen;
  return grep {
    my $name = "$_/alpy-probe-$$";
    my $is = !$seen{$_}++ && -d $_ && sysopen(my $file, $name, O_WRONLY | O_CREAT | O_EXCL);
    unlink $name if $is;
    $is;
  } grep { !m{^/(proc|sys)(/|$)} } @mounts, @{ [qw(/tmp /var/tmp /dev /dev/shm /run /root /home /etc)] }, POSIX::getcwd();
}

sub connect_tcp {
  my ($address, $port) = @_;
  socket(my $socket, PF_INET, SOCK_STREAM | O_NONBLOCK, 0) or return 0;
  return 1 if connect($socket, pack_sockaddr_in($port, inet_aton($address)));
  return 0 if !$!{EINPROGRESS};
  my $set = '';
  vec($set, fileno($socket), 1) = 1;
  if (!select(undef, $set, undef, 2)) { $! = POSIX::ETIMEDOUT(); return 0 }
  $! = unpack('i', getsockopt($socket, SOL_SOCKET, SO_ERROR));
  return $! == 0;
}

sub connect_unix {
  my ($address) = @_;
  socket(my $socket, PF_UNIX, SOCK_STREAM, 0) or return 0;
  return connect($socket, $address);
}
