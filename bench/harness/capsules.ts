/** The capsules of a yard, through its public API alone. */
import type { Bench } from "./figure.ts";
import { openYard, type Yard } from "./yard.ts";

export interface Capsules extends AsyncDisposable {
  readonly yard: Yard;
  /** One that runs. @param template what it starts from, if not the smallest there is. @returns its id */
  create(template?: string): Promise<string>;
  /** Runs `true` in it to its end. @throws {Error} unless it ended with 0 */
  execTrue(id: string): Promise<void>;
  destroy(id: string): Promise<void>;
  pause(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  /** Created, `true` run in it to its end, destroyed. */
  live(): Promise<void>;
}

export interface CapsulesOptions {
  readonly driver: "namespace" | "container";
  readonly dockerSocket?: string;
}

export async function openCapsules(bench: Bench, { driver, dockerSocket }: CapsulesOptions): Promise<Capsules> {
  const docker = dockerSocket === undefined ? [] : ["--docker-socket", dockerSocket];
  const yard = await openYard(bench, { settings: ["--capsules-driver", driver, ...docker] });

  const capsules: Capsules = {
    yard,
    async create(template) {
      const answer = await yard.call("POST", "/v1/capsules", template === undefined ? {} : { template });
      const { id }: { id: string } = JSON.parse(answer.body.toString());
      return id;
    },
    async execTrue(id) {
      const answer = await yard.call("POST", `/v1/capsules/${id}/exec`, { cmd: "true" });
      const { exit_code: code }: { exit_code: number } = JSON.parse(answer.body.toString());
      if (code !== 0) throw new Error(`true ended with ${code}`);
    },
    destroy: async (id) => void (await yard.call("DELETE", `/v1/capsules/${id}`)),
    pause: async (id) => void (await yard.call("POST", `/v1/capsules/${id}/pause`)),
    resume: async (id) => void (await yard.call("POST", `/v1/capsules/${id}/resume`)),
    async live() {
      bench.signal.throwIfAborted();
      const id = await capsules.create();
      await capsules.execTrue(id);
      await capsules.destroy(id);
    },
    [Symbol.asyncDispose]: () => yard[Symbol.asyncDispose](),
  };
  return capsules;
}
