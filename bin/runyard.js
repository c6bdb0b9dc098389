#!/usr/bin/env node
// Starts the `runyard` command. Plain JavaScript, so that an old Node can still read it and say what is wrong.
import { existsSync } from "node:fs";
import module from "node:module";
import { join } from "node:path";
import { leanFlags, leanMark, leanVariables } from "./lean.js";

const requiredMajor = 24;
if (Number.parseInt(process.versions.node, 10) < requiredMajor) {
  console.error(
    `runyard needs Node ${requiredMajor} or newer, this is ${process.version}. Inside a checkout \`npx runyard\` runs the Node that \`npm ci\` installed.`,
  );
  process.exit(1);
}

// What Node and glibc take from their start only, the server gets by starting itself once more in its own place (the same process id and
// streams; 40 ms). Not under a parent that talks to it over IPC, whose channel would be lost on the way.
const [command, ...rest] = process.argv.slice(2);
const startsServer = command === "serve" && !rest.includes("--help");
if (startsServer && process.platform === "linux" && process.send === undefined && !process.env[leanMark]) {
  const args = [process.execPath, ...leanFlags, ...process.execArgv, ...process.argv.slice(1)];
  process.execve(process.execPath, args, { ...leanVariables, ...process.env, [leanMark]: "1" });
}
delete process.env[leanMark];

// Compiled code is kept between starts, TypeScript with its types already stripped: the stripper (18 MB of memory, 40 ms) is then
// not loaded again, in the agent neither. The directory is the user's own: code from a shared /tmp could be anybody's.
const cacheHome = process.env.XDG_CACHE_HOME || (process.env.HOME && join(process.env.HOME, ".cache"));
if (cacheHome) module.enableCompileCache(join(cacheHome, "runyard", "compiled"));

// The published package has no src/, a checkout always has: so a dist/ left over from a build never runs in place of the sources.
const source = new URL("../src/main.ts", import.meta.url);
const { main } = await import(existsSync(source) ? source.href : new URL("../dist/main.js", import.meta.url).href);
await main(process.argv.slice(2));
