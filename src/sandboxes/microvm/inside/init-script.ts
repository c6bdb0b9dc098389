/** The first process of a machine. It prepares the devices, starts what the capsule lives in (guest-script.ts), and then waits on the serial port for what the host
 *  has to say whenever it starts the machine or restores it: a line each, `<name> <arguments>`, the last is `go`, which is answered with "ready".
 *
 *  It stays in the initial RAM file system, which holds our own programs and nothing of the capsule's: so whatever a capsule does to its files, it can be reached. */
export const initScript = `#!/bin/sh
export PATH=/bin:/sbin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod /modules/$module; done </modules/order
rm -r /modules
mkdir -p /dev/pts /dev/shm
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin
ln -s fd/1 /dev/stdout
ln -s fd/2 /dev/stderr
mount -t devpts -o gid=5,mode=620,ptmxmode=666 pts /dev/pts
mount -t tmpfs -o mode=1777,size=16m io /tools/io
mount -t cgroup2 cgroup /cgroup
echo "+memory +pids +cpu" >/cgroup/cgroup.subtree_control
mkdir /cgroup/capsule
mount -t ext4 -o noatime /dev/vda /mnt || poweroff -f
ip link set lo up

# What the shell cannot do (kernel-calls.ts). Without it the machine would have another's randomness.
mkfifo /run/calls /run/answers
exec 3<>/run/calls 4<>/run/answers
{ perl /kernel-calls <&3 >&4; poweroff -f; } &
read -r answer <&4
call() {
  echo "$@" >&3
  read -r answer <&4
}

# Whoever ends the capsule's first process (by poweroff, say) means the machine.
{
  unshare -m -p -f sh /guest </dev/null >/dev/null 2>&1 3>&- 4>&- &
  echo $! >/run/outer
  wait $!
  poweroff -f
} &
pid=
while [ -z "$pid" ]; do
  usleep 10000
  [ -s /run/outer ] && read -r outer </run/outer && read -r pid </proc/$outer/task/$outer/children
done 2>/dev/null
until [ -e /proc/$pid/root/.runyard ]; do usleep 10000; done
nsenter -t $pid -p mount -t proc inside /inside
echo $pid >/run/guest

# Starts the capsule's processes (starter.ts). What it was beside when it died, if it should, ends without anybody knowing how.
{
  while :; do
    perl /starter $pid </dev/null >/dev/null 3>&- 4>&-
    usleep 100000
  done
} &
until [ -S /run/starts ]; do usleep 10000; done

# Blocked in its first words until the host connects, and again after each connection. Errors are nobody's.
serve() {
  port=$(echo /dev/vport*p1)
  while :; do
    sshd -i -r <>$port 1>&0 2>/dev/null 3>&- 4>&-
    usleep 20000
  done
}

inside() {
  nsenter -t $pid -m -r -w /.runyard/bin/sh -c "PATH=/.runyard/bin; $1"
}

exec </dev/ttyS0 >/dev/ttyS0 2>/dev/null
stty raw -echo 115200 # the slower it is, the longer the emulated port waits for another byte before it tells of the last ones
echo booted
while read -r name one two three four; do
  case $name in
    # Seconds, nanoseconds, random bytes: two machines that were restored from one memory must not draw the same numbers from it.
    wake) call wake $one $two $three ;;
    keys)
      killall -9 sshd
      echo $one | base64 -d >/keys/host
      chmod 600 /keys/host
      echo "$two $three" >/keys/client
      [ "$serving" ] || { serve & serving=1; }
      ;;
    identity)
      hostname $one
      inside "cd /etc && { echo $one >hostname; rm -f machine-id; echo $two >machine-id; chmod 444 machine-id; }"
      ;;
    limits)
      cd /cgroup/capsule
      echo $one >memory.max
      echo $two >memory.swap.max
      echo $three >pids.max
      cd /
      inside "mount -t tmpfs -o remount,size=$four shm /dev/shm; mount -t tmpfs -o remount,size=$four io /.runyard/io"
      ;;
    network)
      ip addr add $one dev eth0
      ip link set eth0 up
      ip route add default via $two
      inside "rm -f /etc/resolv.conf; mkdir -p /etc; echo nameserver $three >/etc/resolv.conf"
      ;;
    grow) call grow ;;
    room)
      call room
      echo "room $answer"
      ;;
    go) echo ready ;;
  esac
done
`;

/** What the capsule lives in: a namespace of mounts with its own root, and one of processes, in which nothing of ours can be seen or killed. */
export const guestScript = `
cd /mnt
mkdir -p proc sys dev tmp run .runyard
mount --bind /tools .runyard
mount --bind /tools/io .runyard/io
mount -o remount,ro,bind .runyard
mount -t proc proc proc
mount -t sysfs sys sys
mount --bind /dev dev
mount --bind /dev/pts dev/pts
mount -t tmpfs -o mode=1777 shm dev/shm
mount --bind /cgroup/capsule sys/fs/cgroup
mount --move . /
exec chroot . /.runyard/bin/sh -c 'PATH=/.runyard/bin; while :; do sleep 1000000 & wait $!; done'
`;

/** The login shell of the only user that the machine's SSH server knows: goes where the capsule is, and runs there what it was asked to. The server of SFTP stays here, where
 *  the capsule can neither see nor harm it: all that it is asked for are files that a process inside has open, by /inside, the capsule's own /proc (file-transfers.ts). */
export const enterScript = `#!/bin/sh
[ "$2" = files ] && exec sftp-server
read -r pid </run/guest
exec nsenter -t $pid -m -p -r -w /.runyard/bin/sh -c "$2"
`;

export const sshdConfig = `HostKey /keys/host
AuthorizedKeysFile /keys/client
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
LoginGraceTime 0
MaxSessions 10000
PrintMotd no
PrintLastLog no
UseDNS no
AllowTcpForwarding local
AllowStreamLocalForwarding local
ClientAliveInterval 0
Subsystem sftp files
`;

/** As many as are not part of the kernel, in the order of their needs. */
export const modules = [
  "kernel/drivers/virtio/virtio_ring",
  "kernel/drivers/virtio/virtio",
  "kernel/drivers/virtio/virtio_pci_legacy_dev",
  "kernel/drivers/virtio/virtio_pci_modern_dev",
  "kernel/drivers/virtio/virtio_pci",
  "kernel/drivers/block/virtio_blk",
  "kernel/drivers/char/virtio_console",
  "kernel/net/core/failover",
  "kernel/drivers/net/net_failover",
  "kernel/drivers/net/virtio_net",
  "kernel/drivers/virtio/virtio_balloon",
  "kernel/lib/crc16",
  "kernel/crypto/crc32c_generic",
  "kernel/fs/mbcache",
  "kernel/fs/jbd2/jbd2",
  "kernel/fs/ext4/ext4",
] as const;
