/** The text that is evaluated in a new engine: the functions of guest/, as they are, put together by `installGuest`. */

import { installBlob } from "./guest/blob.ts";
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
import { installTimers } from "./guest/timers.ts";
import { installSearchParams } from "./guest/url.ts";

const parts: GuestSources = {
  createInspect,
  installConsole,
  installTimers,
  installRandom,
  createDescribe,
  createCalls,
  installBlob,
  installSearchParams,
  createFetch,
  createFs,
  createCommands,
  createMcp,
};

/** Makes `self`, and the global names that the event polyfill keeps in an object of its own. */
const beforePolyfills = `globalThis.self = globalThis;`;
const afterPolyfills = `
for (const name of ["Event", "EventTarget"])
  Object.defineProperty(globalThis, name, { value: EventTargetShim[name], writable: true, configurable: true });
delete globalThis.EventTargetShim;`;

/** @returns scripts in order; the last one's value is a function that takes the host's functions and returns the hooks */
export function guestScripts([eventTarget, ...polyfills]: readonly string[]): readonly string[] {
  const sources = Object.entries(parts).map(([name, part]) => `${name}: ${part}`);
  return [
    beforePolyfills,
    eventTarget ?? "",
    afterPolyfills,
    ...polyfills,
    `"use strict"; (print, setTimer, clearTimer, call) => (${installGuest})({ print, setTimer, clearTimer, call }, {${sources.join(",\n")}})`,
  ];
}
