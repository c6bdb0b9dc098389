/** The commands of capsules, over the sandboxes that these are. */
import type { HostSandbox } from "../../hosts/host.ts";
import { YardError } from "../../platform/errors.ts";
import type { ProcessSpec } from "../../sandboxes/sandbox.ts";
import { attach, type Listening } from "./attachment.ts";
import { createAttendance } from "./attendance.ts";
import type { Attachment, Commands } from "./commands.ts";
import { forgetEnded } from "./forget-ended.ts";
import { newTag, processSpecOf } from "./process-spec.ts";
import { othersAmong, pidOf, type Recognised, recognise, runningAmong, select } from "./recognise.ts";
import { runCommand } from "./run.ts";
import { asTerminal } from "./terminals.ts";

export interface CommandsParts {
  readonly sandbox: HostSandbox;
  /** The capsule is in use: the time until it pauses by itself begins anew. */
  readonly touch: () => void;
}

/** One for all capsules of a yard: it remembers who listens. */
export function createCommandsIn(): (parts: CommandsParts) => Commands {
  const attendance = createAttendance();
  return (parts) => commandsIn(parts, { sandbox: parts.sandbox, attendance });
}

function commandsIn({ sandbox, touch }: CommandsParts, listening: Listening): Commands {
  async function running(): Promise<Recognised[]> {
    const processes = await sandbox.processes();
    void forgetEnded(processes, listening);
    return runningAmong(processes);
  }

  async function begin(spec: ProcessSpec): Promise<Recognised> {
    const started = recognise(await sandbox.exec(spec));
    touch();
    if (started) return started;
    throw new YardError("internal", "The host started a command and did not keep what it is known by.");
  }

  /** Whoever starts it listens from before its start on: it may have ended when that is known. */
  async function beginAndAttach(spec: ProcessSpec): Promise<{ found: Recognised; attachment: Attachment }> {
    listening.attendance.join(spec.id);
    try {
      const found = await begin(spec);
      return { found, attachment: await attach(found, "start", listening) };
    } finally {
      listening.attendance.leave(spec.id, undefined);
    }
  }

  function terminal({ process }: Recognised, attachment: Attachment) {
    const find = async () => (await running()).find((one) => one.process.id === process.id)?.process ?? process;
    return asTerminal(attachment, process, { find, touch });
  }

  return {
    async run(spec, options) {
      touch();
      const finished = await runCommand(sandbox, spec, options);
      touch();
      return finished;
    },
    async start(spec, { tag = newTag("proc") } = {}) {
      return (await begin(processSpecOf(spec, { kind: "background", tag }))).command;
    },
    async stream(spec, { tag = newTag("proc") } = {}) {
      return (await beginAndAttach(processSpecOf(spec, { kind: "background", tag }))).attachment;
    },
    async list() {
      touch();
      const inhabitants = await sandbox.inhabitants?.list(); // first: what is started meanwhile is then among ours
      const ours = (await running()).map(({ command }) => command);
      return [...ours, ...othersAmong(inhabitants ?? [], ours)];
    },
    async kill(selector, signal) {
      touch();
      const ours = await running();
      const pid = pidOf(selector);
      const isOurs = pid === undefined || ours.some(({ command }) => command.pid === pid);
      if (isOurs || !sandbox.inhabitants) await select(ours, selector).process.signal(signal);
      else await sandbox.inhabitants.signal(pid, signal);
    },
    async attach(selector) {
      touch();
      return attach(select(await running(), selector), "now", listening);
    },
    async openTerminal(spec, size) {
      const process = processSpecOf(spec, { kind: "terminal", tag: newTag("pty"), size });
      const { found, attachment } = await beginAndAttach(process);
      return terminal(found, attachment);
    },
    async attachTerminal(tag) {
      touch();
      const terminals = (await running()).filter(({ kind }) => kind === "terminal");
      const found = select(terminals, tag);
      return terminal(found, await attach(found, "now", listening));
    },
  };
}
