/** How the emulator is started: what the machine is made of, and what of this host the emulator itself can see. Machines that share a memory image must be made alike:
 *  all that the image depends on is in `MachineShape`. */
import { gateway } from "../namespace/network/addresses.ts";
import { type Accelerator, acceleratorGroup } from "./accelerator.ts";
import { confined } from "./confined.ts";
import type { Programs } from "./programs.ts";

export interface MachineShape {
  readonly memoryMib: number;
  readonly vcpus: number;
}

/** One file of a disk, the lowest first. Only the last is written to. */
export interface DiskFile {
  readonly id: string;
  readonly path: string;
}

export interface EmulatorParts {
  readonly programs: Programs;
  readonly accelerator: Accelerator;
  /** As `System.machine`. */
  readonly machine: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly shape: MachineShape;
  readonly disks: readonly DiskFile[];
  /** Directory of the file that is written to. */
  readonly directory: string;
  /** Directory of its sockets. */
  readonly sockets: string;
  /** The host's number of a user who owns nothing else. */
  readonly uid: number;
  readonly hasOutbound: boolean;
  /** Waits for a memory image, in place of starting at its first instruction. */
  readonly isRestored: boolean;
}

export const socketNames = { qmp: "qmp", serial: "serial", ssh: "ssh", memory: "memory" } as const;

/** What a guest with a network sees: the addresses of the emulator's own router, and behind it that of all sandboxes. @see qemu(1), -netdev user */
export const guestNetwork = { address: "10.0.2.15/24", gateway: "10.0.2.2", nameServer: gateway } as const;

/** The emulator's own view: no network interface, no process but itself, of the host's files the programs and its own. */
export function confinedEmulator(parts: EmulatorParts): string[] {
  const { programs, accelerator, disks, directory, sockets, uid } = parts;
  const top = disks.at(-1);
  const isKvm = accelerator === "kvm";
  const surroundings = [
    ...["--as-pid-1", "--info-fd", "3", ...(isKvm ? ["--dev-bind", "/dev/kvm", "/dev/kvm"] : [])],
    ...["--ro-bind", parts.kernel, "/kernel", "--ro-bind", parts.initrd, "/initrd"],
    ...["--perms", "0755", "--dir", "/layers"],
    ...disks.filter((one) => one !== top).flatMap(({ id, path }) => ["--ro-bind", path, `/layers/${id}`]),
    ...["--bind", directory, "/machine", "--bind", sockets, "/sockets"],
  ];
  const group = isKvm ? acceleratorGroup() : undefined;
  return confined(programs, { surroundings, uid, group }, [programs.qemu, ...emulator(parts)]);
}

function emulator(parts: EmulatorParts): string[] {
  const { accelerator, shape, disks, hasOutbound, isRestored } = parts;
  const socket = (id: keyof typeof socketNames) =>
    `socket,id=${id},path=/sockets/${socketNames[id]},server=on,wait=off`;
  return [
    ...[
      "-name",
      "capsule",
      "-M",
      parts.machine,
      "-nodefaults",
      "-no-user-config",
      "-display",
      "none",
      "-no-reboot",
      "-S",
    ],
    ...["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
    // The translated code of one machine is kept small; wider instructions than these take longer to emulate than they save.
    ...(accelerator === "kvm" ? ["-accel", "kvm", "-cpu", "host"] : ["-accel", "tcg,tb-size=64", "-cpu", "qemu64"]),
    ...["-m", `${shape.memoryMib}M`, "-smp", `${shape.vcpus}`],
    ...["-kernel", "/kernel", "-initrd", "/initrd"],
    // Pages that the guest frees become pages of zeros, which its memory images have not: they are half as large.
    ...["-append", "console=ttyS0 quiet loglevel=0 panic=-1 reboot=t random.trust_cpu=off init_on_free=1"],
    ...disks.flatMap((disk, level) => ["-blockdev", JSON.stringify(blockDevice(disk, level, disks))]),
    ...["-device", `virtio-blk-pci,drive=${disks.at(-1)?.id},id=disk`],
    ...["-chardev", socket("serial"), "-serial", "chardev:serial"],
    ...["-chardev", socket("ssh"), "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=ssh,name=ssh"],
    ...["-netdev", `user,id=net,ipv6=off,restrict=${hasOutbound ? "off" : "on"}`],
    ...["-device", "virtio-net-pci,netdev=net,romfile="],
    // The guest tells which pages it has freed, and the host gets them back.
    ...["-device", "virtio-balloon-pci,free-page-reporting=on"],
    ...["-chardev", socket("qmp"), "-mon", "chardev=qmp,mode=control"],
    ...(isRestored ? ["-incoming", "defer"] : []),
  ];
}

/** Files name no other files: which one lies on which is said here alone. */
function blockDevice({ id }: DiskFile, level: number, disks: readonly DiskFile[]) {
  const isTop = level === disks.length - 1;
  const below = disks[level - 1];
  return {
    driver: level === 0 ? "raw" : "qcow2",
    "node-name": id,
    "read-only": !isTop,
    discard: "unmap",
    file: { driver: "file", filename: isTop ? `/machine/${id}` : `/layers/${id}`, "read-only": !isTop, locking: "off" },
    ...(level > 0 && { backing: below ? below.id : null }),
  };
}
