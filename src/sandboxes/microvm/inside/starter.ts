/** What starts processes in a machine and stays beside them: what inside/run-script.ts of the driver `container` does, by one process that is there already, as each
 *  program that is started takes an emulated processor ten milliseconds. It waits in every golden image. The capsule can neither see nor kill it: it is in the machine's
 *  own namespace of processes, and its children are in the capsule's; paths it sees as the capsule does.
 *
 *  A connection to its socket, which the SSH server makes, is one process. What comes is "<length>\n", so many bytes of fields with NUL between them (process-start.ts),
 *  then the process' input. What goes back is as run-script.ts says, and the traces that it leaves are the same. Where errors are apart both are sent in pieces, each
 *  after "o <length>\n" or "e <length>\n".
 *
 *  Perl without its library, which machines have not: numbers stand for what it would name. */
import { childScript } from "./starter-child.ts";

export const startsSocket = "/run/starts";

export const starterScript = `
my ($O_NONBLOCK, $F_SETFL, $AF_UNIX, $SOCK_STREAM, $WNOHANG, $EAGAIN) = (0x800, 4, 1, 1, 1, 11);
my ($CLOSE, $DUP2, $SETUID, $SETGID, $SETSID, $SETGROUPS, $CLOCK_GETTIME, $EXIT_GROUP, $OPENAT, $SETNS, $PIDFD_OPEN) =
  (3, 33, 105, 106, 112, 116, 228, 231, 257, 308, 434);
my ($segment_bytes, $segments_kept, $piece_bytes, $most_head, $most_held) = (524288, 4, 65536, 4194304, 262144);
my $straggle_s = 1;
my $io = '/.runyard/io';
my ($guest) = @ARGV;
my @removals; # numbers of the processes that are at it
$SIG{PIPE} = 'IGNORE';
umask 077;

# All that is outside is opened now; from then on paths are the capsule's.
open my $group, '>', '/cgroup/capsule/cgroup.procs' or die;
open my $events, '<', '/cgroup/capsule/memory.events' or die;
open my $members, '<', '/cgroup/capsule/pids.current' or die;
open my $most_members, '<', '/cgroup/capsule/pids.max' or die;
opendir my $proc, '/proc' or die;
syswrite $_, '-1000' for grep { defined } score();
unlink '${startsSocket}';
socket my $listener, $AF_UNIX, $SOCK_STREAM, 0 or die;
bind $listener, pack('S Z*', $AF_UNIX, '${startsSocket}') or die;
listen $listener, 4096 or die;
open my $processes, '<', "/proc/$guest/ns/pid" or die;
open my $mounts, '<', "/proc/$guest/ns/mnt" or die;
opendir my $root, "/proc/$guest/root" or die;
syscall($SETNS, fileno $processes, 0) == 0 && syscall($SETNS, fileno $mounts, 0) == 0 or die;
chdir $root and chroot '.' and chdir '/' or die;
close $_ for $processes, $mounts;
closedir $root;

# How likely the kernel is to kill us for want of memory: never; and our children, as anybody.
sub score {
  my $fd = syscall $OPENAT, fileno $proc, my $path = 'self/oom_score_adj', 1;
  $fd >= 0 && open my $file, '>&=', $fd or return;
  return $file;
}

sub value_of {
  my ($file) = @_;
  sysseek $file, 0, 0;
  sysread $file, my $text, 4096;
  return $text;
}

sub kills { return value_of($events) =~ /^oom_kill (\\d+)/m ? $1 : 0 }

sub now {
  syscall $CLOCK_GETTIME, 1, my $time = pack 'qq', 0, 0;
  my ($seconds, $nanoseconds) = unpack 'qq', $time;
  return $seconds + $nanoseconds / 1e9;
}

# To whoever has asked for the process, if he is still there.
sub report {
  my ($p, $stream, $bytes) = @_;
  return unless $p->{peer};
  $p->{held} .= ($p->{mode} eq 'separate' ? "$stream " . length($bytes) . "\\n" : '') . $bytes;
  send_on($p);
}

sub send_on {
  my ($p) = @_;
  return unless length $p->{held};
  my $sent = syswrite $p->{peer}, $p->{held};
  if (defined $sent) { substr $p->{held}, 0, $sent, '' }
  elsif ($! != $EAGAIN) { hang_up($p) }
}

sub hang_up {
  my ($p) = @_;
  close $p->{peer};
  delete $p->{peer};
  $p->{held} = '';
  end_input($p);
  kill 'KILL', $p->{pid} if $p->{starting}; # nobody would hear of it
}

sub end_input {
  my ($p) = @_;
  close $p->{stdin} if $p->{stdin};
  $p->{input} = '';
  delete $p->{stdin};
}

sub refuse {
  my ($p, $line) = @_;
  report($p, 'o', "$line\\n");
  $p->{over} = 1;
}

# The last four segments of what is printed, for an agent that comes later.
sub keep {
  my ($p, $s, $bytes) = @_;
  return if $s->{full};
  if (!$s->{file} || $s->{size} + length $bytes > $segment_bytes) {
    my $path = "$p->{traces}/$s->{name}.$s->{position}";
    open $s->{file}, '>', $path or return $s->{full} = 1;
    push @{$s->{paths}}, $path;
    unlink shift @{$s->{paths}} if @{$s->{paths}} > $segments_kept;
    $s->{size} = 0;
  }
  my $written = syswrite($s->{file}, $bytes) || 0;
  $s->{size} += $written;
  $s->{position} += $written;
  $s->{full} = 1 if $written < length $bytes; # there is no room
}

sub take_output {
  my ($p, $s) = @_;
  my $length = sysread $s->{pipe}, my $bytes, $piece_bytes;
  return if !defined $length && $! == $EAGAIN;
  if (!$length) {
    close $s->{pipe};
    delete $s->{pipe};
  } elsif (!$p->{status}) {
    keep($p, $s, $bytes);
    report($p, $s->{mark}, $bytes);
  }
}

sub forget_traces {
  for my $name (@_) {
    my $path = "$io/$name";
    next if $name =~ m{/|^\\.*$};
    if (lstat $path and -d _ and -o _) { # of another user: there may be anything in its place by now
      opendir my $entries, $path or next;
      unlink "$path/$_" for grep { !/^\\.\\.?$/ } readdir $entries;
      rmdir $path;
    } elsif (-e _) {
      my $pid = fork;
      if (defined $pid && !$pid) { exec '/.runyard/bin/rm', '-rf', $path or syscall $EXIT_GROUP, 1 }
      push @removals, $pid if $pid;
    }
  }
}

sub start {
  my ($p, $head) = @_;
  my ($name, $nonce, $mode, $input, $cwd, $user, $done, $searched, $count, @rest) = split /\\0/, $head, -1;
  @$p{qw(mode nonce traces)} = ($mode, $nonce, "$io/$name");
  forget_traces(split ' ', $done);
  my $most = value_of($most_members);
  return refuse($p, '!- it may be out of processes') if $most =~ /^\\d/ && value_of($members) >= $most;
  mkdir $p->{traces} or return refuse($p, "!- there is no room in $io");
  $p->{kills} = kills();
  my ($in, $out, $err, $starting);
  pipe $p->{starting}, $starting;
  $p->{streams} = [{name => 'out', mark => 'o', position => 0, paths => []}];
  pipe $p->{streams}[0]{pipe}, $out;
  if ($mode eq 'separate') {
    push @{$p->{streams}}, {name => 'err', mark => 'e', position => 0, paths => []};
    pipe $p->{streams}[1]{pipe}, $err;
  }
  if ($input eq 'open') { pipe $in, $p->{stdin} } else { open $in, '<', '/dev/null' }
  my @argv = splice @rest, 0, $count;
  $p->{pid} = fork;
  if (defined $p->{pid} && !$p->{pid}) {
    become(starting => $starting, in => $in, out => $out, err => $err || $out,
      traces => $p->{traces}, cwd => $cwd, user => $user, searched => $searched, argv => \\@argv, env => \\@rest);
  }
  if (!defined $p->{pid}) {
    rmdir $p->{traces};
    end_input($p);
    delete @$p{qw(starting streams)};
    return refuse($p, "!- $!");
  }
  fcntl $_, $F_SETFL, $O_NONBLOCK for grep { defined } $p->{stdin}, map { $_->{pipe} } @{$p->{streams}};
  $p->{life} = syscall $PIDFD_OPEN, $p->{pid}, 0;
}

${childScript}
# It has become its program, or has failed to.
sub hear_start {
  my ($p) = @_;
  my $length = sysread $p->{starting}, my $bytes, 4096;
  return $p->{start} .= $bytes if $length;
  close $p->{starting};
  delete $p->{starting};
  my ($pid, $failure) = $p->{start} =~ /^(?:(\\d+)\\n)?(?:(.+)\\n)?/s;
  if (defined $pid && !defined $failure) {
    report($p, 'o', "$pid\\n");
    return;
  }
  $failure = '!- it has ended before it was started' unless defined $failure;
  unlink "$p->{traces}/pid";
  rmdir $p->{traces};
  delete $p->{streams};
  end_input($p);
  refuse($p, $failure);
}

sub hear_end {
  my ($p) = @_;
  hear_start($p) while $p->{starting};
  waitpid $p->{pid}, 0;
  my ($signal, $code) = ($? & 127, $? >> 8);
  syscall $CLOSE, delete $p->{life};
  kill 'KILL', -$p->{pid};
  $p->{end} = "$code $signal";
  $p->{until} = now() + $straggle_s;
  end_input($p);
  settle($p);
}

# What has left the group may hold the streams open. It is not waited for, and not harmed: what it prints is taken, and kept nowhere.
sub settle {
  my ($p) = @_;
  return if $p->{over} || !defined $p->{end};
  my @open = grep { $_->{pipe} } @{$p->{streams} || []};
  if (@open) {
    return if length $p->{held} >= $most_held; # it has not been asked for what is there
    return if now() < $p->{until};
  }
  $p->{over} = 1;
  return unless $p->{streams};
  $p->{status} = "$p->{end} " . (kills() - $p->{kills});
  if (open my $file, '>', "$p->{traces}/status") { syswrite $file, "$p->{status}\\n" }
  report($p, $_->{mark}, "\\0$p->{nonce} $p->{status}\\n") for @{$p->{streams}};
}

sub hear_peer {
  my ($p) = @_;
  my $length = sysread $p->{peer}, my $bytes, $piece_bytes;
  return if !defined $length && $! == $EAGAIN;
  if (!$length) {
    $p->{is_silent} = 1;
    return hang_up($p) if !defined $length || !$p->{pid};
    kill 'KILL', $p->{pid} if $p->{starting};
    end_input($p) unless length $p->{input};
    return;
  }
  $p->{input} .= $bytes;
  return if $p->{pid} || $p->{over};
  return hang_up($p) if length $p->{input} > $most_head;
  return unless $p->{input} =~ /^(\\d+)\\n/ && length $p->{input} >= length($1) + 1 + $1;
  my $head = substr $p->{input}, length($1) + 1, $1;
  substr $p->{input}, 0, length($1) + 1 + $1, '';
  start($p, $head);
}

sub pass_input {
  my ($p) = @_;
  return unless length $p->{input} && ($p->{pid} || $p->{over});
  if (!$p->{stdin}) { return $p->{input} = '' }
  my $passed = syswrite $p->{stdin}, $p->{input};
  if (defined $passed) { substr $p->{input}, 0, $passed, '' }
  elsif ($! != $EAGAIN) { end_input($p) } # it reads no more
  end_input($p) if $p->{is_silent} && !length $p->{input};
}

my (%all, $count);
while (1) {
  my ($reads, $writes, $wait) = ('', '', undef);
  vec($reads, fileno $listener, 1) = 1;
  for my $p (values %all) {
    if ($p->{peer}) {
      vec($reads, fileno $p->{peer}, 1) = 1 if !$p->{is_silent} && (!$p->{pid} || length $p->{input} < $most_held);
      vec($writes, fileno $p->{peer}, 1) = 1 if length $p->{held};
    }
    vec($reads, fileno $p->{starting}, 1) = 1 if $p->{starting};
    vec($reads, $p->{life}, 1) = 1 if defined $p->{life};
    vec($writes, fileno $p->{stdin}, 1) = 1 if $p->{stdin} && length $p->{input};
    if (length $p->{held} < $most_held && !$p->{starting}) {
      vec($reads, fileno $_->{pipe}, 1) = 1 for grep { $_->{pipe} } @{$p->{streams} || []};
    }
    $wait = 0.1 if defined $p->{end} && !$p->{over};
  }
  select($reads, $writes, undef, $wait) >= 0 or next;
  for my $key (keys %all) {
    my $p = $all{$key};
    hear_start($p) if $p->{starting} && vec $reads, fileno $p->{starting}, 1;
    for my $s (@{$p->{streams} || []}) { take_output($p, $s) if $s->{pipe} && vec $reads, fileno $s->{pipe}, 1 }
    hear_end($p) if defined $p->{life} && vec $reads, $p->{life}, 1;
    hear_peer($p) if $p->{peer} && !$p->{is_silent} && vec $reads, fileno $p->{peer}, 1;
    pass_input($p);
    send_on($p);
    settle($p);
    next unless $p->{over};
    delete $p->{peer} unless length $p->{held};
    delete $all{$key} unless $p->{peer} || defined $p->{life} || grep { $_->{pipe} } @{$p->{streams} || []};
  }
  if (vec $reads, fileno $listener, 1) {
    accept my $peer, $listener or next;
    fcntl $peer, $F_SETFL, $O_NONBLOCK;
    $all{$count++} = {peer => $peer, input => '', held => ''};
  }
  @removals = grep { !waitpid $_, $WNOHANG } @removals;
}
`;
