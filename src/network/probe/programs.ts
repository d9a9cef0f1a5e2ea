// SPDX-License-Identifier: GPL-3.0-or-later
// The programs of a probe flow, for the Perl that every Debian image has. They end when their standard input does. They print records
// of 20 bytes; see records.ts.
import { clockCalls } from '../../core/perl-clock.ts';

/** The clocks. Perl has no function for them without a module that the image lacks. */
const prelude = String.raw`use strict;
use Socket qw(:DEFAULT IPPROTO_IPV6 IPV6_V6ONLY pack_sockaddr_in6 unpack_sockaddr_in6 inet_pton);
use POSIX ();
my $processor = (POSIX::uname())[4];
my $clock_gettime = ${clockCalls}->{$processor} // die "no clock for the processor $processor\n";
sub now {
  my $time = pack 'q2', 0, 0;
  syscall($clock_gettime, $_[0], $time) == 0 or die "clock_gettime: $!\n";
  my ($seconds, $nanoseconds) = unpack 'q2', $time;
  return $seconds * 1_000_000_000 + $nanoseconds;
}
my ($monotonic, $real, $beat, $dontwait) = (1, 0, 20_000_000, 0x40);
my $id = pack 'H*', shift;
binmode STDOUT;
`;

/**
 * Receives datagrams, and prints when the kernel received each. Never waits for whoever reads its output, because then datagrams
 * would be lost. Arguments: identifier of the flow, port or 0.
 */
export const receiver = String.raw`${prelude}
my ($port) = @ARGV;
my $socket;
if (socket $socket, AF_INET6, SOCK_DGRAM, 0) {
  setsockopt $socket, IPPROTO_IPV6, IPV6_V6ONLY, 0;
  bind $socket, pack_sockaddr_in6($port, "\0" x 16) or die "UDP port $port: $!\n";
} else {
  socket $socket, AF_INET, SOCK_DGRAM, 0 or die "socket: $!\n";
  bind $socket, pack_sockaddr_in($port, INADDR_ANY) or die "UDP port $port: $!\n";
}
setsockopt $socket, SOL_SOCKET, 33, 4 << 20; # SO_RCVBUFFORCE
ioctl $socket, 0x8907, my $stamp = "\0" x 16; # SIOCGSTAMPNS: fails, but from now on datagrams have time stamps
my $name = getsockname $socket;
my ($bound) = sockaddr_family($name) == AF_INET6 ? unpack_sockaddr_in6($name) : unpack_sockaddr_in($name);
fcntl STDOUT, 4, 04001; # F_SETFL, O_WRONLY | O_NONBLOCK
my $out = pack 'L<Q<Q<', 0xffffffff, $bound, 0;
my ($next, $readable, $data, $offset) = (0, '', '');
vec($readable, fileno($_), 1) = 1 for $socket, \*STDIN;
sub measure_offset { # time stamps are of the real-time clock
  my $shortest = 1e18;
  for (1 .. 5) {
    my ($from, $middle, $to) = (now($monotonic), now($real), now($monotonic));
    next if $to - $from >= $shortest;
    $shortest = $to - $from;
    $offset = $middle - int(($from + $to) / 2);
  }
}
for (;;) {
  my $now = now($monotonic);
  if ($now >= $next) {
    measure_offset();
    my $memory = getsockopt $socket, SOL_SOCKET, 55; # SO_MEMINFO
    $out .= pack 'L<Q<Q<', 0xfffffffe, $now, (unpack 'L9', $memory)[8] // 0;
    $next = $now + $beat;
    my $written = syswrite STDOUT, $out;
    substr $out, 0, $written, '' if $written;
    die "its output is not read\n" if length $out > 32 << 20;
  }
  select my $ready = $readable, undef, undef, ($next - $now) / 1e9;
  if (vec $ready, fileno(STDIN), 1) { exit if !sysread STDIN, my $ignored, 64 }
  next if !vec $ready, fileno($socket), 1;
  for (1 .. 200) {
    defined recv $socket, $data, 28, $dontwait or last;
    next if length $data < 20 || substr($data, 0, 8) ne $id;
    my ($seconds, $nanoseconds) = ioctl($socket, 0x8907, $stamp) ? unpack('q2', $stamp) : (0, now($real));
    $out .= substr($data, 8, 12) . pack 'Q<', $seconds * 1_000_000_000 + $nanoseconds - $offset;
  }
}
`;

/**
 * Sends datagrams, each with its number and the time. After a pause of the machine it does not catch up, because the burst could be
 * lost. Arguments: identifier of the flow, address, port, interval in ns, size in bytes.
 */
export const sender = String.raw`${prelude}
my ($address, $port, $interval, $size) = @ARGV;
my $is6 = $address =~ /:/;
my $to = $is6 ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $address)) : pack_sockaddr_in($port, inet_aton($address));
socket my $socket, $is6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0 or die "socket: $!\n";
my $rest = "\0" x ($size - 20);
my ($count, $refused, $reason, $readable) = (0, 0, 0, '');
vec($readable, fileno(STDIN), 1) = 1;
my $due = my $next = now($monotonic);
for (;;) {
  my $now = now($monotonic);
  $due = $now if $now - $due > $beat;
  for (1 .. 200) {
    last if $due > $now;
    if (!defined send $socket, $id . pack('L<Q<', $count, $now) . $rest, $dontwait, $to) { $refused++; $reason = 0 + $! }
    $count++;
    $due += $interval;
    $now = now($monotonic);
  }
  if ($now >= $next) {
    syswrite STDOUT, pack 'L<Q<Q<', $count, $now, $reason << 32 | $refused;
    $next = $now + $beat;
  }
  my $wait = ($due < $next ? $due : $next) - now($monotonic);
  select my $ready = $readable, undef, undef, $wait > 0 ? $wait / 1e9 : 0;
  if (vec $ready, fileno(STDIN), 1) { exit if !sysread STDIN, my $ignored, 64 }
}
`;
