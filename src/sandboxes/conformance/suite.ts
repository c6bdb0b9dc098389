/** What every part of the conformance suite works with: one sandbox of the driver at hand, and how to run something in it. */
import type { Process, ProcessSpec, Sandbox, SandboxDriver } from "../sandbox.ts";

export interface Suite {
  driver(): SandboxDriver;
  sandbox(): Sandbox;
  readonly isEmulated: boolean;
  exec(spec: Omit<ProcessSpec, "id"> & { id?: string }): Promise<Process>;
  shell(script: string, spec?: Partial<ProcessSpec>): Promise<Process>;
}

export async function outputOf(process: Process): Promise<string> {
  await process.exited;
  return textSoFar(process);
}

export async function textSoFar(process: Process): Promise<string> {
  const { bytes } = await process.output.read({ position: 0, maxBytes: 1024 * 1024 });
  return bytes.toString();
}

export async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
