/** The `runyard` command: loads the file of the one command that was asked for, and turns whatever goes wrong into one line and
 *  an exit code. */
import { Command, CommanderError } from "commander";
import { addCommands, type CommandTable } from "./commands/command-table.ts";
import { exitCodes } from "./commands/exit-codes.ts";
import { isYardError } from "./platform/errors.ts";

const commands: CommandTable = {
  serve: {
    summary: "run a yard: the control plane, and the agent of this host",
    load: () => import("./commands/serve.ts"),
  },
  agent: {
    summary: "run this host's agent: it owns the processes (serve starts one by itself)",
    load: () => import("./commands/agent.ts"),
  },
  worker: {
    summary: "run tasks of a yard on this machine; list and remove workers",
    load: () => import("./commands/worker-admin.ts"),
  },
  capsule: {
    summary: "make capsules, and work in them: commands, terminals, files",
    load: () => import("./commands/capsule.ts"),
  },
  template: {
    summary: "list, import and remove what capsules start from",
    load: () => import("./commands/template.ts"),
  },
  team: { summary: "list, make and fill teams, and switch between them", load: () => import("./commands/team.ts") },
  key: { summary: "make, list and remove the API keys of a team", load: () => import("./commands/key.ts") },
  channel: {
    summary: "tell a team what happens: by webhook, Slack, Discord, Telegram, …",
    load: () => import("./commands/channel.ts"),
  },
  host: { summary: "list, add, tag and remove the machines of a yard", load: () => import("./commands/host.ts") },
  stack: {
    summary: "deploy what Compose files describe, and look after it",
    load: () => import("./commands/stack.ts"),
  },
  container: {
    summary: "list, start, stop and enter the containers of the fleet",
    load: () => import("./commands/container.ts"),
  },
  image: { summary: "list, pull and remove the images of the fleet", load: () => import("./commands/image.ts") },
  volume: { summary: "list, make, remove and look into volumes", load: () => import("./commands/volume.ts") },
  network: { summary: "list, make and remove networks", load: () => import("./commands/network.ts") },
  run: {
    summary: "run a command on the yard, with its output and its exit code",
    load: () => import("./commands/run.ts"),
  },
  app: {
    summary: "list, add, start, stop and watch apps",
    load: () => import("./commands/app.ts"),
  },
  send: {
    summary: "send a message to a running app and print its reply",
    load: () => import("./commands/send.ts"),
  },
  task: {
    summary: "queue commands, wait for them, and see what became of them",
    load: () => import("./commands/task.ts"),
  },
  attachment: {
    summary: "keep files for the tasks of a group",
    load: () => import("./commands/attachment.ts"),
  },
  group: { summary: "list, make and fill groups", load: () => import("./commands/group.ts") },
  js: {
    summary: "run scripts whose memory can be saved and resumed",
    load: () => import("./commands/js.ts"),
  },
  fs: {
    summary: "name, compare and merge the file trees of scripts",
    load: () => import("./commands/fs.ts"),
  },
  mcp: {
    summary: "serve the yard's tools to a language model, over standard input and output",
    load: () => import("./commands/mcp.ts"),
  },
  login: { summary: "log in to a yard and keep the credential", load: () => import("./commands/login.ts") },
  logout: { summary: "end the session and forget the credential", load: () => import("./commands/logout.ts") },
  config: {
    summary: "print the effective settings and where each comes from",
    load: () => import("./commands/config.ts"),
  },
  doctor: {
    summary: "look at what this machine can do, and cannot, with the fix for each",
    load: () => import("./commands/doctor.ts"),
  },
  audit: { summary: "check the audit log", load: () => import("./commands/audit.ts") },
  version: { summary: "print the version", load: () => import("./commands/version.ts") },
};

export async function main(args: readonly string[]): Promise<void> {
  // A reader that closes early (`runyard config | head -1`) is no error of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  try {
    const program = await createProgram(args);
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    process.exitCode = report(error);
  }
}

async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command("runyard")
    .description("One self-hosted control plane for everything a team runs.")
    .exitOverride()
    .showHelpAfterError("(add --help to see how it is used)")
    .addHelpText("after", help);
  await addCommands(program, commands, args);
  return program;
}

const help = `
Examples:
  $ runyard serve
  $ runyard run -- sh -c 'echo hello; exit 3'
  $ runyard app add web --restart -- node server.js
  $ runyard help run

Exit codes:
  ${exitCodes.ok}    done (\`run\`: the command's own exit code)
  ${exitCodes.failure}    failed; the reason is on standard error
  ${exitCodes.usage}    not used as it should be: unknown command or option, bad value, bad setting
  ${exitCodes.interrupted}  ended by Ctrl-C (${exitCodes.terminated}: by SIGTERM)`;

/** Says what went wrong and returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage; // commander has said it already
  if (isYardError(error)) {
    console.error(`runyard: ${error.field ? `${error.field}: ` : ""}${error.message}`);
    return exitCodes.failure;
  }
  console.error("runyard: this should not have happened; please report it:", error);
  return exitCodes.failure;
}
