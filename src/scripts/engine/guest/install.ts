/** Puts the parts of this folder together, inside the engine. */
import type { FormDataEncoder } from "form-data-encoder";
import type { completeBlob } from "./blob.ts";
import type { createBody } from "./body.ts";
import type { createCalls } from "./calls.ts";
import type { createCommands } from "./commands.ts";
import type { installConsole } from "./console.ts";
import type { createDescribe } from "./describe.ts";
import type { createFetch } from "./fetch.ts";
import type { createFs } from "./fs.ts";
import type { BeginOptions, GuestHooks, GuestHost } from "./guest-host.ts";
import type { createInspect } from "./inspect.ts";
import type { createMcp } from "./mcp.ts";
import type { installRandom } from "./random.ts";
import type { installTextStreams } from "./text-streams.ts";
import type { installTimers } from "./timers.ts";

export interface GuestSources {
  readonly createInspect: typeof createInspect;
  readonly installConsole: typeof installConsole;
  readonly installTimers: typeof installTimers;
  readonly installRandom: typeof installRandom;
  readonly createDescribe: typeof createDescribe;
  readonly createCalls: typeof createCalls;
  readonly completeBlob: typeof completeBlob;
  readonly createBody: typeof createBody;
  readonly installTextStreams: typeof installTextStreams;
  readonly installSearchParams: () => void;
  readonly createFetch: typeof createFetch;
  readonly createFs: typeof createFs;
  readonly createCommands: typeof createCommands;
  readonly createMcp: typeof createMcp;
}

/** What the globals are made with, and scripts do not see. */
export interface GuestLibraries {
  readonly FormDataEncoder: typeof FormDataEncoder;
}

export function installGuest(host: GuestHost, parts: GuestSources, { FormDataEncoder }: GuestLibraries): GuestHooks {
  const { parse } = JSON;
  const { defineProperty, getOwnPropertyDescriptor } = Object;
  const { deleteProperty } = Reflect;
  const inspect = parts.createInspect();
  const describe = parts.createDescribe(inspect);
  const timers = parts.installTimers(host);
  const beginRandom = parts.installRandom();
  const beginConsole = parts.installConsole({ inspect, printLine: (text) => host.print(`${text}\n`) });
  const calls = parts.createCalls(host);
  parts.completeBlob();
  parts.installTextStreams();
  parts.installSearchParams();
  const Body = parts.createBody((form) => {
    const encoder = new FormDataEncoder(form);
    return new Blob([...encoder] as (File | Uint8Array<ArrayBuffer>)[], { type: encoder.contentType });
  });
  const commands = parts.createCommands(calls);
  const mcp = parts.createMcp(calls);
  /** With the capability that each needs. */
  const gated: readonly (readonly [capability: string, name: string, value: unknown])[] = [
    ["fetch", "fetch", parts.createFetch(calls, Body)],
    ["fs", "fs", parts.createFs(calls)],
    ["subprocess", "Deno", commands.Deno],
    ["subprocess", "child_process", commands.childProcess],
    ["mcp", "mcp", mcp.mcp],
    ["mcp", "McpToolError", mcp.McpToolError],
  ];

  /** A global that is not granted does not exist; one that a script has put in its place is the script's. */
  function gate(granted: readonly string[]): void {
    for (const [capability, name, value] of gated) {
      const present = getOwnPropertyDescriptor(globalThis, name);
      if (granted.includes(capability) && present === undefined)
        defineProperty(globalThis, name, { value, writable: true, configurable: true });
      else if (!granted.includes(capability) && present?.value === value) deleteProperty(globalThis, name);
    }
  }

  return {
    begin(text) {
      const options: BeginOptions = parse(text);
      timers.begin(options);
      calls.begin(options);
      beginConsole(options);
      beginRandom();
      mcp.begin(options.capabilities);
      gate(options.capabilities);
    },
    fireTimer: timers.fire,
    settle: calls.settle,
    describeValue: describe.value,
    describeError: describe.error,
  };
}
