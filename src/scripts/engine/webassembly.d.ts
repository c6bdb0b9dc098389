/** What is used of WebAssembly's JavaScript interface. TypeScript describes it among the things of browsers only, and bringing those in would make
 *  `window` and `document` known names everywhere. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  function instantiate(
    bytes: Uint8Array,
  ): Promise<{ readonly instance: { readonly exports: Record<string, unknown> } }>;
  class Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Global {
    value: unknown;
  }
}
