/** The text that is evaluated in a new engine: the functions of guest/, as they are, put together by `installGuest`. */

import type { Polyfills } from "./engine-binaries.ts";
import { completeBlob } from "./guest/blob.ts";
import { createBody } from "./guest/body.ts";
import { createCalls } from "./guest/calls.ts";
import { createCommands } from "./guest/commands.ts";
import { installConsole } from "./guest/console.ts";
import { createDescribe } from "./guest/describe.ts";
import { createFetch } from "./guest/fetch.ts";
import { createFs } from "./guest/fs.ts";
import { createInspect } from "./guest/inspect.ts";
import { type GuestSources, installGuest } from "./guest/install.ts";
import { createMcp } from "./guest/mcp.ts";
import { installRandom } from "./guest/random.ts";
import { installTextStreams } from "./guest/text-streams.ts";
import { installTimers } from "./guest/timers.ts";
import { installSearchParams } from "./guest/url.ts";

const parts: GuestSources = {
  createInspect,
  installConsole,
  installTimers,
  installRandom,
  createDescribe,
  createCalls,
  completeBlob,
  createBody,
  installTextStreams,
  installSearchParams,
  createFetch,
  createFs,
  createCommands,
  createMcp,
};

const streamClasses = [
  ...["ReadableStream", "ReadableStreamDefaultReader", "ReadableStreamDefaultController"],
  ...["ReadableStreamBYOBReader", "ReadableStreamBYOBRequest", "ReadableByteStreamController"],
  ...["WritableStream", "WritableStreamDefaultWriter", "WritableStreamDefaultController"],
  ...["TransformStream", "TransformStreamDefaultController", "ByteLengthQueuingStrategy", "CountQueuingStrategy"],
];

/** A module's text as an expression: what it exports. */
function exportsOf(commonJs: string): string {
  return `((module) => { const exports = module.exports; ${commonJs}\n; return module.exports; })({ exports: {} })`;
}

/** Makes globals of what a module exports. */
function provide(commonJs: string, names: readonly string[]): string {
  return `{
    const exported = ${exportsOf(commonJs)};
    for (const name of ${JSON.stringify(names)})
      Object.defineProperty(globalThis, name, { value: exported[name], writable: true, configurable: true });
  }`;
}

/** @returns scripts in order; the last one's value is a function that takes the host's functions and returns the hooks */
export function guestScripts(polyfills: Polyfills): readonly string[] {
  const { eventTarget, abortController, streams, forms, formEncoder } = polyfills;
  const sources = Object.entries(parts).map(([name, part]) => `${name}: ${part}`);
  return [
    `globalThis.self = globalThis; ${provide(eventTarget, ["Event", "EventTarget"])}`,
    abortController,
    provide(streams, streamClasses),
    provide(forms, ["Blob", "File", "FormData"]),
    `"use strict"; (print, setTimer, clearTimer, call) =>
      (${installGuest})({ print, setTimer, clearTimer, call }, {${sources.join(",\n")}}, ${exportsOf(formEncoder)})`,
  ];
}
