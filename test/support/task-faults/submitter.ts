/** Users: they submit tasks, singly and in batches, and cancel some. A single one is submitted with a key, again and again until it is accepted; a batch whose
 *  answer is lost is given up, and another submitted in its place. */
import type { YardCalls } from "./calls.ts";
import type { Chance } from "./chance.ts";
import type { History } from "./history.ts";

export const group = "crew";
/** Tasks of workers that are programs, and of those that are scripted. */
export const tags = { real: "real", scripted: "scripted" } as const;

export interface SubmitterParts {
  readonly calls: YardCalls;
  readonly token: string;
  readonly history: History;
  readonly chance: Chance;
}

interface Accepted {
  readonly uuid: string;
  readonly task_id: number;
}

interface Draft {
  readonly body: object;
  readonly waitStatus: number | undefined;
}

const shares = { real: 0.04, batches: 0.2, cancelled: 0.02 };
const largestBatch = 60;

/** Resolves when `count` have been accepted. */
export async function submitTasks({ calls, token, history, chance }: SubmitterParts, count: number): Promise<void> {
  let nextName = 0;

  function draft(label: string): Draft {
    const isReal = chance.hits(shares.real);
    const code = chance.between(0, 120);
    const args = isReal
      ? ["sh", "-c", `echo "$MITO_TASK_UUID" >"$MITO_RESULT_DIR/name"; exit ${code}`]
      : [chance.hits(0.04) ? "store" : chance.hits(0.03) ? "submit" : "plain"];
    return { body: taskBody(isReal ? "real" : "scripted", args, [label]), waitStatus: isReal ? code * 256 : undefined };
  }

  function accept({ uuid, task_id: number }: Accepted, { waitStatus }: Draft): void {
    history.submits.push({ uuid, number, waitStatus });
  }

  async function submitOne(): Promise<number> {
    const key = `${chance.between(0, 2 ** 32)}-${nextName++}`;
    const one = draft("single");
    const headers = { "idempotency-key": key };
    const reply = await calls.ask({ method: "POST", path: "/tasks", token, headers, json: one.body }, () =>
      history.count("submits whose answer was lost"),
    );
    if (reply.status !== 200) throw new Error(`a task was refused: ${reply.status} ${reply.text}`);
    accept(JSON.parse(reply.text), one);
    return 1;
  }

  async function submitBatch(size: number): Promise<number> {
    const label = `batch-${chance.between(0, 2 ** 32)}-${nextName++}`;
    const drafts = Array.from({ length: size }, () => draft(label));
    const json = { tasks: drafts.map(({ body }) => body) };
    const reply = await calls.once({ method: "POST", path: "/tasks/submit", token, json }).catch(() => undefined);
    if (reply?.status !== 200) {
      if (reply !== undefined && reply.status !== 503) history.faults.push(`a batch: ${reply.status} ${reply.text}`);
      history.count("batches whose answer was lost");
      history.lostBatches.add(label);
      return 0;
    }
    const { results }: { results: { Ok?: Accepted; Err?: { msg: string } }[] } = JSON.parse(reply.text);
    let accepted = 0;
    for (const [i, { Ok }] of results.entries()) {
      if (Ok === undefined) continue; // its chunk failed, or nobody knows
      accept(Ok, drafts[i]!);
      accepted++;
    }
    if (accepted < size) history.lostBatches.add(label);
    return accepted;
  }

  async function cancelSome(from: number): Promise<void> {
    for (const { uuid } of history.submits.slice(from)) {
      if (!chance.hits(shares.cancelled)) continue;
      const { status, text } = await calls.ask({ method: "DELETE", path: `/tasks/${uuid}`, token }, () =>
        history.cancels.push({ uuid, outcome: "unknown" }),
      );
      if (status !== 200 && status !== 404) history.faults.push(`cancelling ${uuid}: ${status} ${text}`);
      history.cancels.push({ uuid, outcome: status === 200 ? "taken" : "refused" });
    }
  }

  for (let left = count; left > 0; ) {
    const from = history.submits.length;
    const isBatch = chance.hits(shares.batches);
    left -= isBatch ? await submitBatch(Math.min(left, chance.between(2, largestBatch))) : await submitOne();
    await cancelSome(from);
  }
}

export function taskBody(kind: keyof typeof tags, args: readonly string[], labels: readonly string[]) {
  return {
    ...{ group_name: group, tags: [tags[kind]], labels: [kind, ...labels], timeout: "1m", priority: 0 },
    task_spec: { args },
  };
}
