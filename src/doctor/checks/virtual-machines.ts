/** What virtual machines need. */
import { existsSync } from "node:fs";
import { machine } from "node:os";
import { findAccelerator } from "../../sandboxes/microvm/accelerator.ts";
import { findTool } from "../../sandboxes/namespace/availability.ts";
import type { Finding } from "../finding.ts";

/** @param device the kernel's own support for them   @param accelerate finds out whether it really runs one */
export async function checkVirtualMachines({
  device = "/dev/kvm",
  find = findTool,
  accelerate = findAccelerator,
} = {}): Promise<readonly Finding[]> {
  const emulator = `qemu-system-${machine()}`;
  const path = find(emulator);
  const qemu: Finding = path
    ? { name: "qemu", state: "ok", what: `${path} is there.` }
    : {
        ...{ name: "qemu", state: "missing", what: `${emulator} is not installed: no virtual machines.` },
        fix: "apt-get install qemu-system-x86 qemu-utils (on ARM: qemu-system-arm)",
      };
  if (!existsSync(device)) return [qemu, withoutDevice(device)];
  return path ? [qemu, (await accelerate(path)) === "kvm" ? accelerated : unused(device)] : [qemu];
}

const name = "kvm";
const accelerated: Finding = { name, state: "ok", what: "Virtual machines run on the processor itself." };

function withoutDevice(device: string): Finding {
  const fix = "Turn on virtualisation in the firmware, or nested virtualisation where this is a virtual machine.";
  return { name, state: "missing", what: `There is no ${device}: virtual machines are emulated, slowly.`, fix };
}

function unused(device: string): Finding {
  const what = `${device} is there, but runs no machine for an emulator without rights: virtual machines are emulated, slowly.`;
  const fix = `Give it to a group of its own (chgrp kvm ${device}; chmod 660 ${device}), and see that nested virtualisation is on.`;
  return { name, state: "missing", what, fix };
}
