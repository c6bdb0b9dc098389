/** `Blob`: bytes with a type. */
export function installBlob(): void {
  const encode = (text: string) => new TextEncoder().encode(text);

  function bytesOf(part: unknown): Uint8Array {
    if (part instanceof Blob) return contents.get(part)!;
    if (part instanceof ArrayBuffer) return new Uint8Array(part.slice(0));
    if (ArrayBuffer.isView(part)) return new Uint8Array(part.buffer, part.byteOffset, part.byteLength).slice();
    return encode(String(part));
  }

  const contents = new WeakMap<object, Uint8Array>();

  class Blob {
    readonly type: string;
    constructor(parts: Iterable<unknown> = [], { type = "" }: { type?: string } = {}) {
      const chunks = Array.from(parts, bytesOf);
      const joined = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.length, 0));
      let at = 0;
      for (const chunk of chunks) {
        joined.set(chunk, at);
        at += chunk.length;
      }
      contents.set(this, joined);
      this.type = /[^\x20-\x7e]/.test(type) ? "" : type.toLowerCase();
    }
    get size() {
      return contents.get(this)!.length;
    }
    get [Symbol.toStringTag]() {
      return "Blob";
    }
    slice(start = 0, end = this.size, type = "") {
      const bytes = contents.get(this)!;
      const from = start < 0 ? Math.max(0, bytes.length + start) : start;
      const to = end < 0 ? Math.max(0, bytes.length + end) : end;
      return new Blob([bytes.slice(from, to)], { type });
    }
    async arrayBuffer() {
      return contents.get(this)!.slice().buffer;
    }
    async bytes() {
      return contents.get(this)!.slice();
    }
    async text() {
      return new TextDecoder().decode(contents.get(this)!);
    }
  }
  Object.defineProperty(globalThis, "Blob", { value: Blob, writable: true, configurable: true });
}
