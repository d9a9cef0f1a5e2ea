// SPDX-License-Identifier: GPL-3.0-or-later
import { clockCalls } from '../../core/perl-clock.ts';

/**
 * The relay, a Perl program: it needs only `perl-base`, which every Debian image has. Frames reach it from QEMU and go back to QEMU
 * through Unix sockets, each with its length before it in 4 bytes. It never waits for a socket: QEMU would wait for the relay, and
 * both for ever. Its arguments are one text per direction with `name=value` pairs: `in` and `out` are paths of its sockets, `seed`
 * starts the random numbers, `delay` and `jitter` are in seconds, `rate` is in bits per second, the others are probabilities from 0 to 1.
 * It prints `ready` when it listens. On its input it understands `counts`, which prints the counters of all directions, and `clear`,
 * which delivers every frame at once from then on, and prints `cleared` when none is left. It ends with its input.
 */
export const relayProgram = String.raw`
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use POSIX ();
use Socket;

my $queue_frames = 1000;       # that wait for their turn on a slow link
my $queue_bytes = 64 * 2**20;  # of all frames in a direction
my $pending_bytes = 2**18;     # that QEMU has not taken yet; the other frames stay in the queue
my $header_bytes = 14;         # of Ethernet; corruption spares it, else the frame would be lost instead

my $clock_gettime = ${clockCalls}->{ (POSIX::uname())[4] } or die "unknown processor\n";
sub now {
  my $time = "\0" x 16;
  syscall($clock_gettime, 1, $time);
  my ($seconds, $nanoseconds) = unpack 'q2', $time;
  return $seconds + $nanoseconds / 1e9;
}

sub listener {
  my ($path) = @_;
  socket(my $socket, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
  bind($socket, pack_sockaddr_un($path)) or die "$path: $!\n";
  listen($socket, 1) or die "$path: $!\n";
  $socket->blocking(0);
  return $socket;
}

my @names = qw(received passed lost duplicated corrupted reordered overflowed);
my $index = 0;
my @directions = map {
  my %given = map { split /=/, $_, 2 } split / /, $_;
  my $random = ($given{seed} * 2654435761 + ++$index * 40503) % 2**32 || 1;
  +{
    %given, random => $random, queue => [], starts => [], queued => 0, unread => '', pending => '', busy => 0, last => 0,
    counts => { map { $_ => 0 } @names }, listeners => { from => listener($given{in}), to => listener($given{out}) },
  }
} @ARGV;

# xorshift, so that a seed gives the same numbers everywhere; each direction has its own
sub random {
  my ($direction) = @_;
  my $value = $direction->{random};
  $value ^= $value << 13 & 0xffffffff;
  $value ^= $value >> 17;
  $value ^= $value << 5 & 0xffffffff;
  $direction->{random} = $value;
  return $value / 2**32;
}

sub happens {
  my ($direction, $name) = @_;
  return $direction->{$name} > 0 && random($direction) < $direction->{$name};
}

sub take {
  my ($direction, $frame, $now) = @_;
  my $counts = $direction->{counts};
  $counts->{received}++;
  if (happens($direction, 'loss')) { $counts->{lost}++; return }
  my $copies = 1;
  if (happens($direction, 'duplicate')) { $counts->{duplicated}++; $copies = 2 }
  if (happens($direction, 'corrupt')) { $counts->{corrupted}++; corrupt($direction, \$frame) }
  enqueue($direction, $frame, $now) for 1 .. $copies;
}

sub corrupt {
  my ($direction, $frame) = @_;
  my $first = length $$frame > $header_bytes ? $header_bytes : 0;
  my $bit = int random($direction) * 8 * (length($$frame) - $first);
  substr($$frame, $first + ($bit >> 3), 1) ^= chr(1 << ($bit & 7));
}

sub enqueue {
  my ($direction, $frame, $now) = @_;
  my ($size, $sent) = (length $frame, $now);
  if ($direction->{queued} + $size > $queue_bytes) { $direction->{counts}{overflowed}++; return }
  if ($direction->{rate} > 0) {
    my $starts = $direction->{starts};
    shift @$starts while @$starts && $starts->[0] <= $now;
    if (@$starts >= $queue_frames) { $direction->{counts}{overflowed}++; return }
    my $start = $direction->{busy} > $now ? $direction->{busy} : $now;
    push @$starts, $start;
    $sent = $direction->{busy} = $start + $size * 8 / $direction->{rate};
  }
  my $is_early = happens($direction, 'reorder');
  my $jitter = $direction->{jitter} > 0 ? $direction->{jitter} * (2 * random($direction) - 1) : 0;
  my $due = $is_early ? $sent : $sent + $direction->{delay} + $jitter; # jitter is at most delay
  $direction->{queued} += $size;
  my $queue = $direction->{queue};
  if ($is_early) {
    my $place = @$queue; # behind those that are due before it
    $place-- while $place > 0 && $queue->[$place - 1][0] > $due;
    $direction->{counts}{reordered}++ if $place < @$queue;
    splice @$queue, $place, 0, [$due, $frame];
    return;
  }
  $due = $direction->{last} if $due < $direction->{last}; # jitter alone keeps the order
  $direction->{last} = $due;
  push @$queue, [$due, $frame];
}

sub receive {
  my ($direction, $now) = @_;
  my $got = sysread $direction->{from}, $direction->{unread}, 2**18, length $direction->{unread};
  if (!$got) {
    return if !defined $got && ($! == EAGAIN || $! == EINTR);
    delete $direction->{from};
    return;
  }
  my $place = 0;
  my $end = length $direction->{unread};
  while ($end - $place >= 4) {
    my $size = unpack 'N', substr $direction->{unread}, $place, 4;
    last if $end - $place - 4 < $size;
    take($direction, substr($direction->{unread}, $place + 4, $size), $now);
    $place += 4 + $size;
  }
  substr($direction->{unread}, 0, $place, '');
}

sub deliver {
  my ($direction, $now) = @_;
  my $queue = $direction->{queue};
  while (@$queue && $queue->[0][0] <= $now && length $direction->{pending} < $pending_bytes) {
    my $frame = (shift @$queue)->[1];
    $direction->{queued} -= length $frame;
    $direction->{counts}{passed}++;
    $direction->{pending} .= pack('N', length $frame) . $frame;
  }
  return if $direction->{pending} eq '' || !$direction->{to};
  my $sent = syswrite $direction->{to}, $direction->{pending};
  if (defined $sent) { substr($direction->{pending}, 0, $sent, '') }
  elsif ($! != EAGAIN && $! != EINTR) { delete $direction->{to} }
}

sub print_counts {
  print join(';', map { my $counts = $_->{counts}; join ',', map { "$_=$counts->{$_}" } @names } @directions), "\n";
}

sub clear {
  for my $direction (@directions) {
    $direction->{$_} = 0 for qw(delay jitter rate loss duplicate corrupt reorder last);
    $_->[0] = 0 for @{ $direction->{queue} };
  }
}

my $is_clearing = 0;
my $commands = '';
sub obey {
  my $got = sysread STDIN, $commands, 4096, length $commands;
  return if !defined $got && ($! == EAGAIN || $! == EINTR);
  exit 0 if !$got;
  while ($commands =~ s/^(.*)\n//) {
    if ($1 eq 'counts') { print_counts() }
    elsif ($1 eq 'clear') { clear(); $is_clearing = 1 }
  }
}

sub nap {
  my ($now) = @_;
  my @times = map { @{ $_->{queue} } && length $_->{pending} < $pending_bytes ? $_->{queue}[0][0] : () } @directions;
  return undef if !@times;
  my ($next) = sort { $a <=> $b } @times;
  return $next > $now ? $next - $now : 0;
}

$SIG{PIPE} = 'IGNORE';
$| = 1;
print "ready\n";
while (1) {
  my ($readable, $writable) = ('', '');
  vec($readable, fileno(STDIN), 1) = 1;
  for my $direction (@directions) {
    vec($readable, fileno($_), 1) = 1 for values %{ $direction->{listeners} };
    vec($readable, fileno($direction->{from}), 1) = 1 if $direction->{from};
    vec($writable, fileno($direction->{to}), 1) = 1 if $direction->{to} && $direction->{pending} ne '';
  }
  my $found = select $readable, $writable, undef, nap(now());
  $readable = '' if $found <= 0;
  my $now = now();
  for my $direction (@directions) {
    receive($direction, $now) if $direction->{from} && vec $readable, fileno($direction->{from}), 1;
    for my $end (keys %{ $direction->{listeners} }) {
      next if !vec $readable, fileno($direction->{listeners}{$end}), 1;
      accept(my $socket, delete $direction->{listeners}{$end}) or die "accept: $!\n";
      $socket->blocking(0);
      $direction->{$end} = $socket;
      unlink $direction->{ $end eq 'from' ? 'in' : 'out' };
    }
    deliver($direction, $now);
  }
  obey() if vec $readable, fileno(STDIN), 1;
  if ($is_clearing && !grep { @{ $_->{queue} } || $_->{pending} ne '' } @directions) {
    $is_clearing = 0;
    print "cleared\n";
  }
}
`;
