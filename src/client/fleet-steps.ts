/** What changes of stacks do, step by step, as they do it. */
import { isYardError } from "../platform/errors.ts";
import { fleetRoot } from "./fleet-hosts.ts";
import type { YardClient } from "./http.ts";
import { optionalTextField, parseObject } from "./json.ts";
import { openYardSocket } from "./yard-socket.ts";

export type StepListener = (stack: string, text: string) => void;

/** Calls `listener` with each step of the stacks from now on, until it is disposed of. What is told is no more than a comfort: where it cannot be heard, or is no
 *  longer, nothing fails.
 *  @param stacks their names */
export async function hearSteps(
  client: YardClient,
  stacks: ReadonlySet<string>,
  listener: StepListener,
): Promise<Disposable> {
  const stop = new AbortController();
  try {
    const socket = await openYardSocket(client, `${fleetRoot}/ws/events`, stop.signal);
    void pass(socket.messages, stacks, listener).catch(() => {});
  } catch (error) {
    if (!isYardError(error)) throw error;
  }
  return { [Symbol.dispose]: () => stop.abort() };
}

async function pass(
  messages: AsyncIterable<string | Buffer>,
  stacks: ReadonlySet<string>,
  listener: StepListener,
): Promise<void> {
  for await (const message of messages) {
    const event = parseObject(String(message));
    if (event.source !== "dockmesh" || event.type !== "stack.step") continue;
    const [stack = "", text] = [optionalTextField(event, "name"), optionalTextField(event, "message")];
    if (text !== undefined && stacks.has(stack)) listener(stack, text);
  }
}
