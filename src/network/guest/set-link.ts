// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * A program for Perl that sends a command to QEMU's monitor: `SOCKET COMMAND`. It fails with QEMU's answer if that is an error. The
 * image of guests has Perl, because Debian's essential packages do.
 */
export const setLinkProgram = `use strict;
use IO::Socket::UNIX;
my ($path, $command) = @ARGV;
my $qemu = IO::Socket::UNIX->new($path) or die "no connection to QEMU: $!\\n";
for my $line ('{"execute":"qmp_capabilities"}', $command) {
  print $qemu "$line\\n";
  $qemu->flush;
  my $answer = '';
  $answer = <$qemu> // die "QEMU has closed its monitor\\n" until $answer =~ /^\\{"(?:return|error)"/;
  die $answer if $answer =~ /^\\{"error"/;
}
`;
