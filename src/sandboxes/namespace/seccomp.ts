/** The rules of syscalls.ts as a program of the kernel's packet filter, which runs before each system call. @see seccomp(2), and
 *  Documentation/networking/filter.rst of the kernel for the instructions */
import { YardError } from "../../platform/errors.ts";
import { type Errno, type Rule, rules, syscallNumbers } from "./syscalls.ts";

const LOAD_WORD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_AT_LEAST = 0x35;
const JUMP_IF_ANY_BIT = 0x45;
const RETURN = 0x06;

const ALLOW = 0x7fff0000;
const FAIL_WITH = 0x00050000;
const errnos: Readonly<Record<Errno, number>> = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 };

/** Offsets in `struct seccomp_data`. An argument is 64 bits wide, its lower half first; flags and families lie there. */
const numberAt = 0;
const architectureAt = 4;
const argumentAt = (index: number) => 16 + 8 * index;

const architectures = {
  x64: { audit: 0xc000003e, column: 0 },
  arm64: { audit: 0xc00000b7, column: 1 },
} as const;
/** On x64 the numbers from here on are the same calls with 32-bit pointers, by which a filter could be passed. */
const x32Calls = 0x40000000;

interface Instruction {
  readonly code: number;
  readonly value: number;
  /** How many instructions to skip if the comparison holds, and if not. */
  readonly ifTrue?: number;
  readonly ifFalse?: number;
}

const load = (value: number): Instruction => ({ code: LOAD_WORD, value });
const give = (value: number): Instruction => ({ code: RETURN, value });
const refuse = (errno: Errno): Instruction => give(FAIL_WITH | errnos[errno]);

/** @returns instructions of eight bytes each   @throws {YardError} precondition, on an architecture whose calls are not listed */
export function compileFilter(architecture: string = process.arch): Buffer {
  if (!(architecture in architectures)) {
    throw new YardError(
      "precondition",
      `There is no list of system calls for ${architecture}: x64 and arm64 have one.`,
    );
  }
  const { audit, column } = architectures[architecture as keyof typeof architectures];
  const program: Instruction[] = [
    load(architectureAt),
    { code: JUMP_IF_EQUAL, value: audit, ifTrue: 1 },
    refuse("ENOSYS"), // a 32-bit program: its numbers mean other calls
    load(numberAt),
    { code: JUMP_IF_AT_LEAST, value: x32Calls, ifFalse: 1 },
    refuse("ENOSYS"),
    ...rules.flatMap((rule) => {
      const number = syscallNumbers[rule.call][column];
      return number === null ? [] : compileRule(rule, number);
    }),
    give(ALLOW),
  ];
  return Buffer.concat(program.map(encode));
}

/** Each rule decides about its call for good: no call has two. */
function compileRule({ when, errno }: Rule, number: number): Instruction[] {
  const decide = when === undefined ? [refuse(errno)] : [load(argumentAt(when.argument)), ...compare(when, errno)];
  return [{ code: JUMP_IF_EQUAL, value: number, ifFalse: decide.length }, ...decide];
}

function compare(when: NonNullable<Rule["when"]>, errno: Errno): Instruction[] {
  if ("hasAnyBit" in when) {
    return [{ code: JUMP_IF_ANY_BIT, value: when.hasAnyBit, ifFalse: 1 }, refuse(errno), give(ALLOW)];
  }
  const values = "isOneOf" in when ? when.isOneOf : when.isNoneOf;
  const [ifListed, otherwise] = "isOneOf" in when ? [refuse(errno), give(ALLOW)] : [give(ALLOW), refuse(errno)];
  const jumps = values.map((value, i) => ({ code: JUMP_IF_EQUAL, value, ifTrue: values.length - i }));
  return [...jumps, otherwise, ifListed];
}

function encode({ code, value, ifTrue = 0, ifFalse = 0 }: Instruction): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(ifTrue, 2);
  bytes.writeUInt8(ifFalse, 3);
  bytes.writeUInt32LE(value >>> 0, 4);
  return bytes;
}
