/** What a model may read: `docs://…`. */
import type { McpParts } from "./parts.ts";
import type { Tool } from "./tool.ts";

export interface Document {
  readonly uri: string;
  readonly name: string;
  readonly description: string;
  readonly mimeType: "text/markdown" | "application/json";
  read(): string | Promise<string>;
}

type Parts = Pick<McpParts, "mode" | "keepHeaps" | "restGuide" | "openapi">;

export function createDocuments(parts: Parts, tools: readonly Tool[]): readonly Document[] {
  return [
    {
      uri: "docs://readme",
      name: "readme",
      description: "How to run scripts with these tools, and how to go on later",
      mimeType: "text/markdown",
      read: () => guideTo(parts),
    },
    {
      uri: "docs://llms-txt",
      name: "llms-txt",
      description: "The same over REST",
      mimeType: "text/markdown",
      read: () => parts.restGuide,
    },
    {
      uri: "docs://openapi",
      name: "openapi",
      description: "The REST API's OpenAPI document",
      mimeType: "application/json",
      read: () => parts.openapi(),
    },
    {
      uri: "docs://tools",
      name: "tools",
      description: "All tools with the schemas of their arguments",
      mimeType: "application/json",
      read: () => JSON.stringify({ mode: modeOf(parts), tools: tools.map(toolToDocument) }),
    },
  ];
}

/** How to begin: short, as it is in front of a model all the time. */
export function instructionsFor(parts: Parts): string {
  const how =
    parts.mode === "stateless"
      ? "run_js waits for the script's end and answers with what it printed; nothing is kept between runs."
      : parts.keepHeaps
        ? "run_js answers at once with an execution_id; what a script leaves on globalThis is saved as its heap, and files as snapshots, and both can be resumed."
        : "run_js answers at once with an execution_id; files are kept as snapshots, memory is not kept.";
  return `Runs JavaScript and TypeScript in a sandbox, mode ${modeOf(parts)}: ${how} Read docs://readme before the first script. The other tools list apps of this server and run commands on its host, as far as the token allows.`;
}

function modeOf({ mode, keepHeaps }: Parts): string {
  if (mode === "stateless") return "stateless";
  return keepHeaps ? "heap and fs" : "fs";
}

function toolToDocument({ name, description, input }: Tool) {
  return { name, description, input_schema: input };
}

const scripts = `# Scripts

A script is an ES module: strict, with top-level \`await\`. Types are stripped, not checked. \`console.log\` prints; the value of the last
expression is the \`result\`, as JSON. What is not granted (network, subprocesses, files of the server) is not there.
`;

const waiting = `
\`run_js\` waits for the end and answers \`{"output", "result"}\`, and \`error\` if the script did not complete. Each run begins afresh.
`;

const asking = `
1. \`run_js\` answers \`{"execution_id"}\` at once.
2. \`get_execution\` tells its \`status\`: \`running\`, then \`completed\`, \`failed\`, \`timed_out\` or \`cancelled\`, with \`result\` or \`error\`.
3. \`get_execution_output\` reads what it prints, also while it runs. Lines count from 0.
`;

const resuming = `
## Going on

What a completed script leaves on \`globalThis\` is kept; \`heap\` of its execution is the name of it. Give that as \`heap\` of the next script:

    run_js {"code": "globalThis.seen = new Set([1])"}         -> get_execution: {"heap": "3f2a…"}
    run_js {"code": "seen.add(2); seen.size", "heap": "3f2a…"}  -> result "2"

A heap never changes: resume it as often as you like, each time is a branch. A client that connects with the header \`X-MCP-Session-Id\`
always goes on where its last script ended. \`set_heap_tags\` and \`query_heaps_by_tags\` find a heap again later.
`;

const files = `
## Files

A script with \`fs\` (a label, or the id of a snapshot) has those files, and leaves a new snapshot: \`fs\` of its execution. Labels are names
that move: \`fs_push\` points one to a new snapshot unless somebody else has moved it meanwhile, \`fs_merge\` makes one of two.
`;

function guideTo({ mode, keepHeaps }: Parts): string {
  if (mode === "stateless") return scripts + waiting;
  return scripts + asking + (keepHeaps ? resuming : "") + files;
}
