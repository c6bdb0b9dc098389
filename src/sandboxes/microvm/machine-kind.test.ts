import assert from "node:assert/strict";
import { test } from "node:test";
import { describeProcessor, type MachineKind, requireSameKind } from "./machine-kind.ts";
import { machineOf } from "./qemu-version.ts";

const cpuinfo = (model: string, flags: string) =>
  `processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: ${model}\nstepping\t: 7\nflags\t\t: ${flags}\n\nprocessor\t: 1\nmodel name\t: other\n`;

test("a processor is told by its model and what it can do, in whatever order that is listed", () => {
  const one = describeProcessor(cpuinfo("Xeon(R) Gold", "fpu sse avx2"));
  assert.equal(one.cpu, "Xeon(R) Gold");
  assert.deepEqual(describeProcessor(cpuinfo("Xeon(R) Gold", "avx2 fpu sse")), one);
  assert.notDeepEqual(describeProcessor(cpuinfo("Xeon(R) Gold", "fpu sse")), one);
});

test("memory goes on where the machine is of the same kind alone, and the refusal says what differs", () => {
  const kind: MachineKind = { accelerator: "kvm", cpu: "Xeon", cpuFeatures: "a", qemu: "7.2.22" };
  assert.doesNotThrow(() => requireSameKind(kind, { ...kind }));
  for (const [changes, says] of [
    [{ accelerator: "tcg" }, /with KVM, and that host runs machines under emulation/],
    [{ cpu: "EPYC" }, /on the processor Xeon, and that host has EPYC/],
    [{ cpuFeatures: "b" }, /Xeon with other features/],
    [{ qemu: "8.0.0" }, /by QEMU 7\.2\.22, and that host has 8\.0\.0/],
  ] as const)
    assert.throws(() => requireSameKind(kind, { ...kind, ...changes }), { code: "precondition", message: says });
});

test("a machine has the hardware of its QEMU, whichever fix of that it is", () => {
  for (const [version, machine] of [
    ["7.2.22", "pc-i440fx-7.2"],
    ["10.0.2", "pc-i440fx-10.0"],
    ["9.1.0-rc1", "pc-i440fx-9.1"],
  ] as const)
    assert.equal(machineOf(version), machine);
});
