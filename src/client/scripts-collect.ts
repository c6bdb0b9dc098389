import { Writable } from "node:stream";

/** Takes the output of one execution into memory: as much as the yard lets a script print. */
export function collectOutput(): { readonly output: Writable; text(): string } {
  const pieces: Buffer[] = [];
  const output = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      done();
    },
  });
  return { output, text: () => Buffer.concat(pieces).toString() };
}
