/** Images fetched from their registries, with what the engine tells of it. */
import { createInterface } from "node:readline";
import { YardError } from "../platform/errors.ts";
import { type FleetHost, fleetRoot } from "./fleet-hosts.ts";
import type { YardClient } from "./http.ts";
import { inert } from "./inert.ts";
import { type JsonObject, optionalNumberField, optionalTextField, parseObject } from "./json.ts";

export interface PullProgress {
  /** Bytes of the layers whose size is known. */
  readonly done: number;
  readonly total: number;
  readonly layers: { readonly done: number; readonly total: number };
}

export interface PullOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: PullProgress) => void;
  /** What is told of no layer, such as the digest. */
  readonly onStatus: (text: string) => void;
  /** Each record, as the API sends it. */
  readonly onRecord?: (record: JsonObject) => void;
}

/** Resolves when the image is there. Whoever hangs up gives it up. @throws {YardError} invalid, for what the registry refuses; internal; unavailable */
export async function pullImage(
  client: YardClient,
  host: FleetHost,
  image: string,
  { signal, onProgress, onStatus, onRecord }: PullOptions,
): Promise<void> {
  const call = { path: `${fleetRoot}/images/pull`, query: { host: host.id }, json: { image }, signal };
  const reply = await client.request({ method: "POST", ...call, timeoutMs: 150_000 });
  const layers = createLayers();
  for await (const line of createInterface({ input: reply, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === "") continue;
    const record = parseObject(line);
    onRecord?.(record);
    const failure = optionalTextField(record, "error");
    if (failure !== undefined) throw new YardError("internal", `${inert(image)} cannot be pulled: ${inert(failure)}`);
    const status = optionalTextField(record, "status") ?? "";
    if (layers.take(record, status)) onProgress(layers.progress());
    else onStatus(inert(status));
  }
  signal.throwIfAborted();
  if (!reply.complete) throw new YardError("unavailable", `the connection broke off before ${inert(image)} was there`);
}

interface Layer {
  readonly done: number;
  readonly total: number;
  readonly isThere: boolean;
}

/** The engine's words for a layer that needs nothing more. */
const ended = new Set(["Pull complete", "Already exists"]);
/** Of the two passes over a layer only the first is counted: unpacking what has come takes a moment. */
const counted = new Set(["Downloading", "Download complete"]);

function createLayers() {
  const layers = new Map<string, Layer>();
  return {
    /** @returns whether the record is one of a layer */
    take(record: JsonObject, status: string): boolean {
      const id = optionalTextField(record, "id");
      if (id === undefined || /^Pulling from/.test(status)) return false;
      const { done, total } = layers.get(id) ?? { done: 0, total: 0 };
      const detail = (counted.has(status) ? record.progressDetail : undefined) as JsonObject | undefined;
      const known = optionalNumberField(detail ?? {}, "total") ?? total;
      const isThere = ended.has(status);
      const isFull = isThere || status === "Download complete";
      layers.set(id, {
        done: isFull ? known : (optionalNumberField(detail ?? {}, "current") ?? done),
        total: known,
        isThere,
      });
      return true;
    },
    progress(): PullProgress {
      const all = [...layers.values()];
      const sum = (of: (layer: Layer) => number) => all.reduce((total, layer) => total + of(layer), 0);
      return {
        ...{ done: sum(({ done }) => done), total: sum(({ total }) => total) },
        layers: { done: sum(({ isThere }) => Number(isThere)), total: all.length },
      };
    },
  };
}
