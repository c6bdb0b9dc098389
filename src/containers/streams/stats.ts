/** What a container uses, about once a second. */
import type { Engine } from "../../platform/docker/engine.ts";
import { openEngineReply } from "../../platform/docker/engine-reply.ts";
import { readJsonLines } from "../../platform/docker/json-lines.ts";
import { type ContainerUsage, readStats, usageOf } from "../metrics/usage.ts";
import { requireContainerReference } from "./container-reference.ts";
import { readEngineBytes } from "./engine-bytes.ts";

export interface ContainerStats extends Disposable {
  /** Of each look, with the mean of the last five for its CPU time: one second alone jumps about. @throws {YardError} unavailable */
  readonly usages: AsyncIterable<ContainerUsage>;
}

const meanOf = 5;

/** @throws {YardError} not_found; as Engine.call */
export async function openContainerStats(engine: Engine, container: string): Promise<ContainerStats> {
  requireContainerReference(container);
  const stream = await engine.call(`look at ${container}`, (docker, abortSignal) =>
    openEngineReply(docker, `/containers/${container}/stats`, { query: { stream: true }, abortSignal }),
  );
  return {
    usages: usagesOf(readEngineBytes(stream, "its report")),
    [Symbol.dispose]: () => void stream.destroy(),
  };
}

async function* usagesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<ContainerUsage, void, undefined> {
  const recent: number[] = [];
  for await (const value of readJsonLines(stream)) {
    const report = readStats(value);
    if (!report) continue;
    const usage = usageOf(report);
    recent.push(usage.cpuPercent);
    if (recent.length > meanOf) recent.shift();
    yield { ...usage, cpuPercent: recent.reduce((sum, one) => sum + one, 0) / recent.length };
  }
}
