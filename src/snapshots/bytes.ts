/** The few shapes that objects are written in. Reading checks bounds: what is read may be damaged. */
import { YardError } from "../platform/errors.ts";
import type { ObjectId } from "./object.ts";

const idBytes = 32;

export class ByteWriter {
  #bytes = Buffer.allocUnsafe(4_096);
  #length = 0;

  /** LEB128 of a whole number from 0 to 2^53 - 1. */
  number(value: number): this {
    this.#reserve(8);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
    return this;
  }

  text(value: string): this {
    const bytes = Buffer.byteLength(value);
    this.number(bytes).#reserve(bytes);
    this.#length += this.#bytes.write(value, this.#length, "utf8");
    return this;
  }

  id(id: ObjectId): this {
    this.#reserve(idBytes);
    this.#length += this.#bytes.write(id, this.#length, "hex");
    return this;
  }

  /** The writer is not to be used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#length + bytes));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

export class ByteReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  /** @throws {YardError} internal */
  number(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 0x80) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined || unit > 2 ** 49) throw cutShort();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
  }

  text(): string {
    const length = this.number();
    return this.#take(length).toString("utf8");
  }

  id(): ObjectId {
    return this.#take(idBytes).toString("hex");
  }

  #take(length: number): Buffer {
    const end = this.#position + length;
    if (end > this.#bytes.length) throw cutShort();
    const part = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return part;
  }
}

function cutShort(): YardError {
  return new YardError("internal", "An object of a snapshot ends too early.");
}
