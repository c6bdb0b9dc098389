/** Gives a WebAssembly module's own memory a maximum: the engine's binary declares none, and a maximum in the module is one that nothing which
 *  runs inside can get around. */

export const wasmPageBytes = 65_536;
const memorySection = 5;
const headerBytes = 8;

/** @returns the module with `maximumPages` as the upper limit of its memory
 *  @throws {RangeError} if it has not exactly one memory section of its own, or starts larger than that */
export function withMemoryMaximum(module: Uint8Array, maximumPages: number): Uint8Array<ArrayBuffer> {
  for (let at = headerBytes; at < module.length; ) {
    const id = module[at]!;
    const size = readUnsigned(module, at + 1);
    const end = size.next + size.value;
    if (id === memorySection) {
      const section = limitedMemory(module.subarray(size.next, end), maximumPages);
      return joined([module.subarray(0, at), section, module.subarray(end)]);
    }
    at = end;
  }
  throw new RangeError("The engine's module has no memory of its own.");
}

/** The section again: one memory, with a minimum and a maximum. */
function limitedMemory(body: Uint8Array, maximumPages: number): Uint8Array {
  const count = readUnsigned(body, 0);
  const minimum = readUnsigned(body, count.next + 1); // after the byte of flags
  if (count.value !== 1) throw new RangeError(`The engine's module has ${count.value} memories.`);
  if (minimum.value > maximumPages)
    throw new RangeError(`The engine starts with ${minimum.value} pages of memory, more than ${maximumPages}.`);
  const hasMaximum = 1;
  const content = [1, hasMaximum, ...unsigned(minimum.value), ...unsigned(maximumPages)];
  return Uint8Array.from([memorySection, ...unsigned(content.length), ...content]);
}

/** LEB128, as all numbers of the format are. */
function readUnsigned(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  for (let shift = 0, next = at; ; shift += 7) {
    const byte = bytes[next++];
    if (byte === undefined || shift > 28) throw new RangeError("The engine's module is malformed.");
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next };
  }
}

function unsigned(value: number): number[] {
  const low = value & 0x7f;
  return value < 0x80 ? [low] : [low | 0x80, ...unsigned(value >>> 7)];
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
