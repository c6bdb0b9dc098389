/** What capsules start from: `minimal`, which every driver has, and those that were imported or made of capsules. On its host a template goes by its id,
 *  so one that replaces another is complete before that one goes, and what a crash leaves over is found by its prefix (reconcile.ts). */
import { randomBytes } from "node:crypto";
import { YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import type { WithName } from "../platform/name-lock.ts";
import type { SandboxTemplates, Template } from "../sandboxes/sandbox.ts";
import type { Announce } from "./announce.ts";
import type { Capsule, CapsuleTemplate, CapsuleTemplates, WantedImport } from "./capsule.ts";
import type { ChoosePlace } from "./drivers.ts";
import { cannot, type Lifecycle } from "./lifecycle.ts";
import type { CapsuleParts } from "./parts.ts";
import type { CapsuleSandboxes } from "./sandboxes.ts";
import {
  everybody,
  type FindTemplate,
  minimalName,
  type StoredTemplate,
  type TemplateStore,
  taken,
} from "./template-store.ts";

export const templatePrefix = "template";

export interface TemplateParts extends Pick<CapsuleParts, "clock" | "log" | "settings"> {
  readonly templates: TemplateStore;
  readonly lifecycle: Lifecycle;
  readonly sandboxes: CapsuleSandboxes;
  readonly choosePlace: ChoosePlace;
  readonly announce: Announce;
  readonly withCapsule: WithName;
}

export interface Templates extends CapsuleTemplates {
  /** Being made now: on their host, and in no table. */
  readonly underWay: ReadonlySet<string>;
  clearTeam(teamId: string): Promise<void>;
  /** Those that were on it are gone with it. */
  clearHost(hostId: string): Promise<void>;
}

type Size = NonNullable<WantedImport["readyFor"]>;

const mebibyte = 1_048_576;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const minimal: CapsuleTemplate = {
  name: minimalName,
  kind: "base",
  isShared: true,
  driver: "",
  vcpus: 1,
  memoryMb: 512,
  sizeBytes: 0,
  createdAt: 0,
};

export function createFindTemplate(templates: TemplateStore): FindTemplate {
  return async (teamId, name = minimalName) => {
    requireName(name);
    if (name === minimalName) return { name, inDriver: minimalName };
    const found = (await templates.find(teamId, name)) ?? (await templates.find(everybody, name));
    if (!found) throw new YardError("not_found", `There is no template ${name}.`, { field: "template" });
    const { id, driver, hostId, kind, vcpus, memoryMb } = found;
    const size = kind === "snapshot" ? { vcpus, memoryMb } : {};
    return { name, inDriver: id, driver, hostId, ...size };
  };
}

export function createTemplates(parts: TemplateParts): Templates {
  const { templates, lifecycle, sandboxes, choosePlace, announce, withCapsule, clock, log } = parts;
  const underWay = new Set<string>();

  /** @throws {YardError} conflict */
  async function requireFree(teamId: string, name: string, replace: boolean): Promise<StoredTemplate | undefined> {
    const isReserved = name === minimalName || (teamId !== everybody && (await templates.find(everybody, name)));
    if (isReserved) throw taken(name, { reserved: true });
    const old = await templates.find(teamId, name);
    if (old && !replace) throw taken(name);
    return old;
  }

  async function driverTemplates({
    driver,
    hostId,
  }: Pick<StoredTemplate, "driver" | "hostId">): Promise<SandboxTemplates> {
    const found = (await sandboxes.host(hostId)).driver(driver).templates;
    if (found) return found;
    throw new YardError("precondition", `The driver ${driver} has no templates of its own.`, { field: "driver" });
  }

  /** The old one goes once the new one is there and known; what cannot be removed now is removed at the next comparison with its host. */
  async function keep(
    template: Omit<StoredTemplate, "sizeBytes" | "createdAt">,
    make: () => Promise<Template>,
    old: StoredTemplate | undefined,
  ): Promise<StoredTemplate> {
    underWay.add(template.id);
    try {
      const { sizeBytes } = await make();
      const stored = { ...template, sizeBytes, createdAt: clock.now() };
      await templates.insert(stored, old).catch(async (error: unknown) => {
        await discard(template);
        throw error;
      });
      if (old) await discard(old);
      return stored;
    } finally {
      underWay.delete(template.id);
    }
  }

  async function discard(template: Pick<StoredTemplate, "id" | "driver" | "hostId">): Promise<void> {
    try {
      await (await driverTemplates(template)).remove(template.id);
    } catch (error) {
      log.warn({ err: error, template: template.id }, "a template's files could not be removed; it is tried again");
    }
  }

  /** All of it, or nothing. */
  async function prepare(inDriver: SandboxTemplates, id: string, { vcpus, memoryMb }: Size): Promise<void> {
    try {
      await inDriver.prepare?.(id, { cpus: vcpus, memoryBytes: memoryMb * mebibyte });
    } catch (error) {
      await inDriver.remove(id).catch((err: unknown) => {
        log.warn({ err, template: id }, "a template's files could not be removed; it is tried again");
      });
      throw error;
    }
  }

  function captureOf(capsule: Capsule, id: string): Promise<Template> {
    return sandboxes.use(capsule, (sandbox) => {
      if (sandbox.capture) return sandbox.capture(id);
      throw new YardError("precondition", `No templates can be made of capsules of the driver ${capsule.driver}.`);
    });
  }

  async function removeAll(some: readonly StoredTemplate[]): Promise<void> {
    for (const template of some) {
      await templates.remove(template.id);
      await discard(template);
    }
  }

  return {
    underWay,

    async list(teamId, { kind } = {}) {
      const all = [...(await templates.list(teamId)), minimal];
      return kind === undefined ? all : all.filter((template) => template.kind === kind);
    },

    async capture({ teamId, actor }, { capsuleId, name = madeUpName(), replace = false }) {
      requireName(name);
      return withCapsule(capsuleId, async () => {
        const capsule = await lifecycle.get(teamId, capsuleId);
        if (capsule.status !== "running" && capsule.status !== "paused") throw cannot("make a template of", capsule);
        const old = await requireFree(teamId, name, replace);
        const { driver, hostId, vcpus, memoryMb } = capsule;
        const id = newId(templatePrefix, clock.now());
        const template = {
          id,
          teamId,
          name,
          kind: "snapshot",
          isShared: false,
          driver,
          hostId,
          vcpus,
          memoryMb,
        } as const;
        const frozen = capsule.status === "running" ? await lifecycle.freeze(capsule) : undefined;
        try {
          const stored = await keep(template, () => captureOf(capsule, id), old);
          announce.template("template.snapshot.created", stored, actor);
          return stored;
        } catch (error) {
          if (frozen) await lifecycle.thaw(frozen);
          throw error;
        }
      });
    },

    async import({ teamId: givenTeamId, actor }, { name, archive, isShared = false, driver: wantedDriver, readyFor }) {
      requireName(name);
      const teamId = isShared ? everybody : givenTeamId;
      await requireFree(teamId, name, false);
      const place = { teamId: givenTeamId, driver: wantedDriver, vcpus: 0, memoryMb: 0, diskMb: 0 };
      const { host, driver } = await choosePlace(place);
      const id = newId(templatePrefix, clock.now());
      const template = { id, teamId, name, kind: "base", isShared, driver, hostId: host.id } as const;
      const make = async () => {
        const inDriver = await driverTemplates(template);
        const made = await inDriver.import(id, archive);
        if (readyFor) await prepare(inDriver, id, readyFor);
        return made;
      };
      const stored = await keep(template, make, undefined);
      announce.template("template.snapshot.created", { teamId: givenTeamId, name }, actor);
      return stored;
    },

    async remove({ teamId, actor }, name, { isShared = false } = {}) {
      requireName(name);
      const own = isShared ? undefined : await templates.find(teamId, name);
      const shared = name === minimalName || (await templates.find(everybody, name));
      const found = own ?? (isShared && shared !== true ? shared : undefined);
      if (!found && shared) throw new YardError("forbidden", `The template ${name} is everybody's.`);
      if (!found || !(await templates.remove(found.id)))
        throw new YardError("not_found", `There is no template ${name}.`);
      await discard(found);
      announce.template("template.snapshot.deleted", { teamId, name }, actor);
    },

    clearTeam: async (teamId) => removeAll(await templates.ofTeam(teamId)),
    clearHost: async (hostId) => removeAll(await templates.onHost(hostId)),
  };
}

function madeUpName(): string {
  return `template-${randomBytes(4).toString("hex")}`;
}

function requireName(name: string): void {
  if (namePattern.test(name)) return;
  const message =
    "A template's name begins with a letter or digit, and has 1 to 64 letters, digits, dots, hyphens and underscores.";
  throw new YardError("invalid", message, { field: "name" });
}
