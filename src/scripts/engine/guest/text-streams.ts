/** `TextEncoderStream` and `TextDecoderStream`: the engine's encoder and decoder as transforms. */
export function installTextStreams(): void {
  class TextEncoderStream {
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<unknown>;
    readonly encoding = "utf-8";
    constructor() {
      const encoder = new TextEncoder();
      // Half of a pair of surrogates waits for the other half.
      let high = "";
      const { readable, writable } = new TransformStream<unknown, Uint8Array>({
        transform(chunk, controller) {
          const text = high + String(chunk);
          high = /[\ud800-\udbff]$/.exec(text)?.[0] ?? "";
          const whole = text.slice(0, text.length - high.length);
          if (whole !== "") controller.enqueue(encoder.encode(whole));
        },
        flush(controller) {
          if (high !== "") controller.enqueue(encoder.encode(high));
        },
      });
      this.readable = readable;
      this.writable = writable;
    }
  }

  class TextDecoderStream {
    readonly readable: ReadableStream<string>;
    readonly writable: WritableStream<Uint8Array>;
    readonly encoding: string;
    readonly fatal: boolean;
    readonly ignoreBOM: boolean;
    constructor(label = "utf-8", options: ConstructorParameters<typeof TextDecoder>[1] = {}) {
      const decoder = new TextDecoder(label, options);
      const { readable, writable } = new TransformStream<Uint8Array, string>({
        transform(chunk, controller) {
          const text = decoder.decode(chunk, { stream: true });
          if (text !== "") controller.enqueue(text);
        },
        flush(controller) {
          const text = decoder.decode();
          if (text !== "") controller.enqueue(text);
        },
      });
      this.readable = readable;
      this.writable = writable;
      this.encoding = decoder.encoding;
      this.fatal = decoder.fatal;
      this.ignoreBOM = decoder.ignoreBOM;
    }
  }

  for (const [name, value] of Object.entries({ TextEncoderStream, TextDecoderStream }))
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
