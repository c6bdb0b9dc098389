/** `Blob.prototype.bytes`, which the library's `Blob` lacks. */
export function completeBlob(): void {
  Object.defineProperty(Blob.prototype, "bytes", {
    async value(this: Blob) {
      return new Uint8Array(await this.arrayBuffer());
    },
    writable: true,
    configurable: true,
  });
}
