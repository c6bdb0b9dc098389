/** The part of the starter (starter.ts) that its children run, up to the program that each becomes. */
export const childScript = `
# The child, to the program that it becomes. What is in the way is said through \`starting\`, whose end tells that nothing was.
sub become {
  my %is = @_;
  my $fail = sub {
    syswrite $is{starting}, "$_[0]\\n";
    syscall $EXIT_GROUP, 1;
  };
  syswrite $group, '0';
  syswrite $_, '0' for grep { defined } score();
  syscall $SETSID;
  open my $number, '>', "$is{traces}/pid" or $fail->("!- there is no room in $io");
  syswrite $number, "$$\\n" or $fail->("!- there is no room in $io");
  my ($uid, $gid, $home, @groups) = (0, 0, '/root', 0);
  if ($is{user} ne '0') {
    ($uid, $gid, $home, @groups) = find_user($is{user});
    defined $uid or $fail->('unable to find user');
  }
  syscall $SETGROUPS, scalar @groups, my $list = pack 'L*', @groups;
  syscall($SETGID, $gid + 0) == 0 && syscall($SETUID, $uid + 0) == 0 or $fail->("!- $!");
  my $cwd = $is{cwd} ne '' ? $is{cwd} : -d $home ? $home : '/';
  chdir $cwd or $fail->("!cwd $cwd is no directory there that this user may enter");
  my ($file, $why) = find_program($is{argv}[0], $is{searched}, $cwd);
  defined $file or $fail->("!argv $why");
  syswrite $is{starting}, "$$\\n";
  syscall $DUP2, fileno $is{in}, 0;
  syscall $DUP2, fileno $is{out}, 1;
  syscall $DUP2, fileno $is{err}, 2;
  umask 022;
  $SIG{PIPE} = 'DEFAULT';
  %ENV = (HOME => $home);
  /^([^=]+)=(.*)$/s and $ENV{$1} = $2 for @{$is{env}};
  my ($name, @arguments) = @{$is{argv}};
  exec { $file } $file, @arguments;
  $fail->("!argv $!");
}

sub find_user {
  my ($user) = @_;
  open my $passwd, '<', '/etc/passwd' or return;
  while (<$passwd>) {
    chomp;
    my ($name, undef, $uid, $gid, undef, $home) = split /:/;
    next unless $uid =~ /^\\d+$/ && $gid =~ /^\\d+$/ && ($name eq $user || $uid eq $user);
    my @groups = ($gid);
    if (open my $file, '<', '/etc/group') {
      while (<$file>) {
        chomp;
        my (undef, undef, $id, $members) = split /:/;
        push @groups, $id if $id =~ /^\\d+$/ && grep { $_ eq $name } split /,/, $members;
      }
    }
    return $uid, $gid, $home, @groups;
  }
  return;
}

sub find_program {
  my ($name, $searched, $cwd) = @_;
  my $why = 'there is no such program';
  for my $candidate ($name =~ m{/} ? $name : map { ($_ eq '' ? '.' : $_) . "/$name" } split /:/, $searched eq '' ? '.' : $searched, -1) {
    if (-d $candidate) { $why = "$candidate is a directory" }
    elsif (-f _ && -x _) { return $candidate =~ m{^/} ? $candidate : "$cwd/$candidate" }
    elsif (-e _) { $why = "$candidate is no executable file" }
  }
  return undef, $why;
}
`;
