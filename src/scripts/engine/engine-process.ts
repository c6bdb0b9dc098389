/** The engine's process: takes one execution at a time from its pipe, and answers. It is not trusted and needs nothing: no network, no files but the
 *  program's own, no environment. What it prints goes out as messages; its standard error is for its own last words.
 *
 *  Messages are written at once and whole, also while a script keeps the process busy; a pool that does not read stops it. */
import { writeSync } from "node:fs";
import { readCancelFlag } from "./cancel-flag.ts";
import { readEngineBinaries } from "./engine-binaries.ts";
import { decodeBundle, type EngineBundleHead } from "./engine-bundle.ts";
import { type EngineBase, EngineInstance } from "./engine-instance.ts";
import { type Ended, Execution, type Reply } from "./execution.ts";
import { createFrameReader, encodeFrame, type Frame } from "./frames.ts";
import { createInstanceShelf, type InstanceShelf } from "./instance-shelf.ts";
import { bytesOf, changedPages, type EngineMemory, heapPageBytes, withPages } from "./memory-image.ts";
import type { DoneMessage, EngineMessage, PoolMessage, RunMessage } from "./messages.ts";
import { createModuleSources } from "./module-sources.ts";

const outputDescriptor = 1;
const megabyte = 1024 ** 2;
/** From the pool, which is trusted: only so that a mistake does not fill the memory. */
const frameLimits = { headBytes: 64 * megabyte, attachmentBytes: 4_096 * megabyte };
/** What is sent in one system call: pages are small, and a whole memory twice would be much. */
const joinedBytes = 256 * 1024;
/** Most executions ask for this much: an engine for it is kept ready. */
const usualMemoryMb = 8;

function send(head: EngineMessage, ...attachment: readonly Uint8Array[]): void {
  let small: Uint8Array[] = [];
  let smallBytes = 0;
  const flush = () => {
    writeWhole(Buffer.concat(small));
    small = [];
    smallBytes = 0;
  };
  for (const bytes of encodeFrame(head, ...attachment)) {
    small.push(bytes);
    smallBytes += bytes.length;
    if (smallBytes > joinedBytes) flush();
  }
  flush();
}

function writeWhole(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(outputDescriptor, bytes, at);
}

interface Engine {
  readonly base: EngineBase;
  readonly shelf: InstanceShelf;
}

/** Images that the pool may name instead of sending them. */
const images = new Map<number, EngineMemory>();
const calls = new Map<number, (reply: Reply) => void>();
let lastCall = 0;
let current: { readonly number: number; readonly execution: Execution } | undefined;

function callPool(name: string, args: unknown, content: Uint8Array): Promise<Reply> {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const call = ++lastCall;
  calls.set(call, resolve);
  const json = Buffer.from(JSON.stringify(args));
  send({ type: "call", call, name, argsBytes: json.length }, json, content);
  return promise;
}

async function run({ base, shelf }: Engine, request: RunMessage, attachment: Buffer): Promise<void> {
  const startedAt = performance.now();
  const source = attachment.subarray(0, request.sourceBytes).toString();
  const image = imageOf(request, attachment, base);
  for (const token of request.forget) images.delete(token);
  const instance = await shelf.take(image, request.limits.memoryMb);
  const prepareMs = performance.now() - startedAt;
  const finish = (
    { status, failure, result }: Ended,
    heap?: DoneMessage["heap"],
    pages: Uint8Array = new Uint8Array(),
  ) => {
    const json = Buffer.from(result?.json ?? "");
    const { execution } = request;
    const runMs = performance.now() - startedAt - prepareMs;
    const sent = result && { lost: [...result.lost], jsonBytes: result.json === undefined ? undefined : json.length };
    send({ type: "done", execution, status, failure, result: sent, prepareMs, runMs, heap }, json, pages);
  };
  if (instance === undefined) {
    const message = `Out of memory: the saved state is larger than ${request.limits.memoryMb} MiB`;
    finish({ status: "failed", failure: { kind: "out_of_memory", message } });
    return;
  }
  const mayImport = request.capabilities.includes("import");
  const execution = new Execution(instance, request, {
    startedAt,
    modules: createModuleSources(mayImport ? (args) => callPool("import", args, new Uint8Array()) : undefined),
    port: {
      output: (bytes) => send({ type: "output" }, bytes),
      call: callPool,
      isCancelled: () => readCancelFlag() >= request.execution,
    },
  });
  current = { number: request.execution, execution };
  if (readCancelFlag() >= request.execution) execution.cancel(); // while it was being prepared
  const limitBytes = base.usedBytes + request.limits.memoryMb * megabyte;
  const { ended, isSound } = await outcomeOf(execution, { source, image, limitBytes });
  current = undefined;
  calls.clear();
  if (ended.status === "completed" && request.keepAs !== undefined) {
    const { heap, pages } = keep(request.keepAs, instance, image);
    finish(ended, heap, pages);
  } else {
    finish(ended);
  }
  if (isSound) shelf.put(instance);
  await shelf.prepare(usualMemoryMb);
}

function imageOf({ heap, sourceBytes }: RunMessage, attachment: Buffer, base: EngineBase): EngineMemory {
  if (heap === undefined) return base;
  if (heap.sent !== undefined) {
    const { stackPointer, hooks, pages, changed } = heap.sent;
    const content = attachment.subarray(sourceBytes);
    images.set(heap.token, { pages: withPages(base.pages.slice(0, pages), changed, content), stackPointer, hooks });
  }
  const image = images.get(heap.token);
  if (image === undefined) throw new Error(`There is no image ${heap.token}.`);
  return image;
}

/** An engine that has failed in itself ends its execution and is not used again. */
async function outcomeOf(
  execution: Execution,
  { source, image, limitBytes }: { source: string; image: EngineMemory; limitBytes: number },
): Promise<{ ended: Ended; isSound: boolean }> {
  try {
    return { ended: await execution.run(source, image, limitBytes), isSound: true };
  } catch (error) {
    return { ended: { status: "failed", failure: failureOf(error) }, isSound: false };
  }
}

function failureOf(error: unknown): NonNullable<Ended["failure"]> {
  const message = error instanceof Error ? error.message : String(error);
  // The engine's own stack is checked; its parsers' recursion meets the end of ours first.
  if (error instanceof RangeError && /call stack/.test(message))
    return { kind: "thrown", message: "RangeError: Maximum call stack size exceeded" };
  if (/wasm_malloc failed|memory/i.test(message))
    return {
      kind: "out_of_memory",
      message: "Out of memory: the script, or what it was handed, is larger than its memory",
    };
  return { kind: "crashed", message: `The script engine stopped unexpectedly: ${message}` };
}

/** The engine holds the image from then on: the next step of a chain finds it in place.
 *  @returns what has changed, with the changed pages */
function keep(
  token: number,
  instance: EngineInstance,
  before: EngineMemory,
): { heap: DoneMessage["heap"]; pages: Uint8Array } {
  const { memory, stackPointer, hooks } = instance.memory();
  const changed = changedPages(memory, before.pages);
  const pageAt = (page: number) => memory.subarray(page * heapPageBytes, (page + 1) * heapPageBytes);
  const content = Buffer.concat(changed.map(pageAt));
  const image = { pages: withPages(before.pages, changed, content), stackPointer, hooks };
  images.set(token, image);
  instance.hold(image);
  return { heap: { bytes: bytesOf(image), stackPointer, hooks, changed }, pages: content };
}

function receive(engine: Engine, { head, attachment }: Frame): void {
  const message = head as PoolMessage;
  if (message.type === "run") {
    void run(engine, message, attachment);
  } else if (message.type === "reply") {
    calls.get(message.call)?.({ ok: message.ok, value: message.value, content: attachment });
    calls.delete(message.call);
  } else if (current?.number === message.execution) {
    current.execution.cancel();
  }
}

/** The first that the pool sends is what the engine is made of. */
async function start({ head, attachment }: Frame): Promise<Engine> {
  const binaries = readEngineBinaries(decodeBundle(head as EngineBundleHead, attachment));
  const base = await EngineInstance.createBase(binaries);
  const engine = { base, shelf: createInstanceShelf(binaries, base) };
  await engine.shelf.prepare(usualMemoryMb);
  const { stackPointer, hooks } = base;
  send({ type: "ready", build: binaries.build, stackPointer, hooks }, ...base.pages);
  return engine;
}

let engine: Promise<Engine> | undefined;
const read = createFrameReader(frameLimits, async (frame) => {
  if (engine === undefined) engine = start(frame);
  else receive(await engine, frame);
});
process.stdin.on("data", read);
process.stdin.on("end", () => process.exit(0)); // the pool is gone
