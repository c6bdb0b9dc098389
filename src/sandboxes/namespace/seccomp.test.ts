import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFilter } from "./seccomp.ts";
import { rules, syscallNumbers } from "./syscalls.ts";

const allow = 0x7fff0000;
const failWith = (errno: number) => 0x00050000 | errno;
const x64 = 0xc000003e;

/** What the kernel would answer: the filter, run by hand. */
function decide(filter: Buffer, call: { architecture: number; number: number; args?: readonly number[] }): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number, 0);
  data.writeUInt32LE(call.architecture, 4);
  for (const [i, value] of (call.args ?? []).entries()) data.writeUInt32LE(value, 16 + 8 * i);
  let loaded = 0;
  for (let at = 0; at < filter.length; at += 8) {
    const value = filter.readUInt32LE(at + 4);
    const jump = (holds: boolean) => {
      at += 8 * filter.readUInt8(at + (holds ? 2 : 3));
    };
    switch (filter.readUInt16LE(at)) {
      case 0x20:
        loaded = data.readUInt32LE(value);
        break;
      case 0x15:
        jump(loaded === value);
        break;
      case 0x35:
        jump(loaded >= value);
        break;
      case 0x45:
        jump((loaded & value) !== 0);
        break;
      case 0x06:
        return value;
      default:
        assert.fail(`no such instruction at ${at}`);
    }
  }
  return assert.fail("the filter has no end");
}

const on = (number: number, ...args: number[]) => decide(compileFilter("x64"), { architecture: x64, number, args });

test("calls of every program pass, and those of the list do not", () => {
  const [read, execve, openat, futex] = [0, 59, 257, 202];
  for (const number of [read, execve, openat, futex]) assert.equal(on(number), allow);
  assert.equal(on(syscallNumbers.mount[0]), failWith(1));
  assert.equal(on(syscallNumbers.clone3[0]), failWith(38));
});

test("an argument decides where a rule says so", () => {
  const [SIGCHLD, CLONE_VM, CLONE_NEWUSER, CLONE_NEWTIME] = [17, 0x100, 0x10000000, 0x80];
  assert.equal(on(syscallNumbers.clone[0], CLONE_VM | SIGCHLD), allow);
  assert.equal(on(syscallNumbers.clone[0], CLONE_NEWUSER | SIGCHLD), failWith(1));
  assert.equal(on(syscallNumbers.unshare[0], CLONE_NEWTIME), failWith(1));
  assert.equal(on(syscallNumbers.unshare[0], 0x400), allow); // CLONE_FILES
  for (const family of [1, 2, 10, 16]) assert.equal(on(syscallNumbers.socket[0], family), allow);
  for (const family of [0, 17, 38, 40]) assert.equal(on(syscallNumbers.socket[0], family), failWith(97));
  assert.equal(on(syscallNumbers.ptrace[0], 0), allow); // PTRACE_TRACEME
  assert.equal(on(syscallNumbers.ptrace[0], 0x4206), failWith(1)); // PTRACE_SEIZE
});

test("the same calls under other numbers are refused: 32-bit programs, and x32", () => {
  assert.equal(decide(compileFilter("x64"), { architecture: 0x40000003, number: 21 }), failWith(38));
  assert.equal(on(0x40000000 + syscallNumbers.mount[0]), failWith(38));
});

test("every call has one rule, and every architecture its filter", () => {
  const calls = rules.map(({ call }) => call);
  assert.equal(new Set(calls).size, calls.length);
  assert.deepEqual(new Set(calls), new Set(Object.keys(syscallNumbers)));
  assert.equal(decide(compileFilter("arm64"), { architecture: 0xc00000b7, number: 40 }), failWith(1)); // mount
  assert.throws(() => compileFilter("riscv64"), { code: "precondition" });
});
