/** What an engine says while it fetches an image: a line of JSON for each step. */

export interface Layer {
  readonly id: string;
  readonly status: string;
  /** Bytes; `total` is 0 while it is not known. */
  readonly current: number;
  readonly total: number;
}

export interface PullEvents {
  layers(layers: readonly Layer[]): void;
  said(text: string): void;
}

/** @throws what the engine says went wrong */
export async function readPull(body: ReadableStream<Uint8Array<ArrayBuffer>>, events: PullEvents): Promise<void> {
  const layers = new Map<string, Layer>();
  for await (const line of linesOf(body)) {
    const { id, status, error, progressDetail } = Object(JSON.parse(line)) as Record<string, unknown>;
    if (typeof error === "string") throw new Error(error);
    if (typeof status !== "string") continue;
    const { current = 0, total = 0 } = Object(progressDetail) as { current?: unknown; total?: unknown };
    if (typeof id !== "string" || status.startsWith("Pulling from")) events.said(status);
    else {
      layers.set(id, { id, status, current: Number(current), total: Number(total) });
      events.layers([...layers.values()]);
    }
  }
}

async function* linesOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const lines = (rest + next.value).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line.trim() !== "");
  }
  if (rest.trim() !== "") yield rest;
}
