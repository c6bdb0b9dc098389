/** What containers start from: images of the engine that carry our labels. No registry is asked for any. `minimal` is made here, of the host's static busybox. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import type { Engine } from "../../platform/docker/engine.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import { assertId } from "../processes/ids.ts";
import type { SandboxTemplates, Template } from "../sandbox.ts";
import { ownerLabel } from "./containers.ts";
import type { Busybox } from "./tools.ts";

export const minimalTemplate = "minimal";
const templateLabel = "runyard.template";
/** Of an archive on its way in, or a container that is captured. */
const longMs = 30 * 60_000;

export interface Image {
  readonly reference: string;
  /** As NAME=value: what its maker wants every process to have. */
  readonly env: readonly string[];
}

export interface ContainerTemplates extends SandboxTemplates {
  /** @throws {YardError} not_found, `field` template */
  imageOf(name: string): Promise<Image>;
  capture(container: string, name: string): Promise<Template>;
  /** Removes what was kept of removed templates for containers that are gone by now. */
  sweep(): Promise<void>;
}

export function createTemplates(engine: Engine, owner: string, busybox: () => Promise<Busybox>): ContainerTemplates {
  const repository = `runyard-${owner}`;
  const tagOf = (name: string) => `template-${name}`;
  const referenceOf = (name: string) => `${repository}:${tagOf(name)}`;
  const labels = (name: string) => [`LABEL ${ownerLabel}=${owner}`, `LABEL ${templateLabel}=${name}`];

  const inspect = (reference: string) =>
    engine
      .call("look at an image", (docker) => docker.getImage(reference).inspect())
      .catch((error) => {
        if (isYardError(error, "not_found")) return undefined;
        throw error;
      });

  async function requireFree(name: string): Promise<void> {
    assertName(name);
    if (name !== minimalTemplate && !(await inspect(referenceOf(name)))) return;
    throw new YardError("conflict", `There is a template ${name} already. Remove it first.`, { field: "name" });
  }

  async function made(name: string): Promise<Template> {
    const image = await inspect(referenceOf(name));
    if (!image) throw new YardError("internal", `The Docker engine has lost the image of template ${name}.`);
    return { name, sizeBytes: image.Size, createdAt: Date.parse(image.Created) };
  }

  /** @param from the archive, to its end */
  async function importImage(from: Readable, target: { repo: string; tag: string; changes: readonly string[] }) {
    await engine.call(
      "import an image",
      async (docker, abortSignal) => {
        const progress = await docker.importImage(from, { ...target, abortSignal });
        await new Promise<void>((resolve, reject) => {
          docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
        });
      },
      { timeoutMs: longMs },
    );
  }

  let minimal: Promise<string> | undefined;
  async function ensureMinimal(): Promise<string> {
    const { path, applets } = await busybox();
    const content = readFileSync(path);
    const tag = createHash("sha256").update(content).update(JSON.stringify(files)).digest("hex").slice(0, 12);
    const reference = `runyard-minimal:${tag}`;
    if (await inspect(reference)) return reference;
    const changes = [`LABEL ${templateLabel}=${minimalTemplate}`];
    await importImage(minimalArchive(content, applets), { repo: "runyard-minimal", tag, changes });
    return reference;
  }

  const images = () =>
    engine.call("list its images", (docker, abortSignal) =>
      docker.listImages({ filters: { label: [`${ownerLabel}=${owner}`, templateLabel] }, abortSignal }),
    );

  const templates: ContainerTemplates = {
    async imageOf(name) {
      assertName(name, "template");
      if (name === minimalTemplate) {
        minimal ??= ensureMinimal().catch((error) => {
          minimal = undefined;
          throw error;
        });
      }
      const reference = name === minimalTemplate ? await minimal : referenceOf(name);
      const image = reference && (await inspect(reference));
      if (reference && image) return { reference, env: image.Config.Env ?? [] };
      minimal = undefined; // somebody has removed it: it is made anew at the next try
      throw new YardError("not_found", `This host has no template ${name}. Import it first.`, { field: "template" });
    },
    async list() {
      const prefix = referenceOf("");
      const found = (await images()).flatMap(({ RepoTags, Size, Created }) => {
        const tag = RepoTags?.find((one) => one.startsWith(prefix));
        return tag ? [{ name: tag.slice(prefix.length), sizeBytes: Size, createdAt: Created * 1_000 }] : [];
      });
      return [{ name: minimalTemplate, sizeBytes: 0, createdAt: 0 }, ...found];
    },
    async import(name, archive) {
      await requireFree(name);
      const content = Readable.from(archive, { objectMode: false });
      try {
        await importImage(content, { repo: repository, tag: tagOf(name), changes: labels(name) });
      } catch (error) {
        if (content.errored) throw content.errored;
        if (isYardError(error, "unavailable") || isYardError(error, "invalid")) {
          const message = `The archive cannot be imported: ${error.message}`;
          if (await engineAnswers(engine)) throw new YardError("invalid", message, { field: "archive", cause: error });
        }
        throw error;
      }
      return made(name);
    },
    async capture(container, name) {
      await requireFree(name);
      await engine.call(
        "capture the sandbox",
        (docker, abortSignal) =>
          docker
            .getContainer(container)
            .commit({ repo: repository, tag: tagOf(name), changes: labels(name).join("\n"), abortSignal }),
        { timeoutMs: longMs },
      );
      return made(name);
    },
    async remove(name) {
      assertName(name);
      if (name === minimalTemplate) {
        throw new YardError("precondition", "The template minimal is always there.", { field: "name" });
      }
      if (!(await inspect(referenceOf(name)))) return;
      // Containers may need it: it keeps another tag until they are gone.
      await engine.call("keep an image", (docker, abortSignal) =>
        docker.getImage(referenceOf(name)).tag({ repo: repository, tag: newId("removed"), abortSignal }),
      );
      await engine.call("remove an image", (docker, abortSignal) =>
        docker.getImage(referenceOf(name)).remove({ abortSignal }),
      );
      await templates.sweep();
    },
    async sweep() {
      const prefix = `${repository}:removed_`;
      const kept = (await images()).flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag.startsWith(prefix));
      for (const tag of kept) {
        await engine
          .call("remove an image", (docker, abortSignal) => docker.getImage(tag).remove({ abortSignal }))
          .catch((error) => {
            if (!isYardError(error, "conflict") && !isYardError(error, "not_found")) throw error;
          });
      }
    },
  };
  return templates;
}

function assertName(name: string, field = "name"): void {
  if (name.startsWith(".")) throw new YardError("invalid", `${name} begins with a dot.`, { field });
  try {
    assertId(name, "template");
  } catch (cause) {
    throw new YardError("invalid", cause instanceof Error ? cause.message : String(cause), { field });
  }
}

async function engineAnswers(engine: Engine): Promise<boolean> {
  return engine.version().then(
    () => true,
    () => false,
  );
}

const directories = [
  "dev",
  "etc",
  "home",
  "mnt",
  "opt",
  "proc",
  "run",
  "srv",
  "sys",
  "var/cache",
  "var/lib",
  "var/log",
];
const files: Readonly<Record<string, string>> = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
  "etc/group": "root:x:0:\ntty:x:5:\nusers:x:100:\nnogroup:x:65534:\n",
  "etc/os-release": 'ID=runyard-minimal\nNAME="Runyard minimal"\n',
};

export function minimalArchive(busybox: Buffer, applets: readonly string[]): Readable {
  const archive = pack();
  for (const name of [...directories, "bin", "usr/bin"])
    archive.entry({ name: `${name}/`, type: "directory", mode: 0o755 });
  for (const name of ["tmp/", "var/tmp/"]) archive.entry({ name, type: "directory", mode: 0o1777 });
  archive.entry({ name: "root/", type: "directory", mode: 0o700 });
  archive.entry({ name: "bin/busybox", mode: 0o755 }, busybox);
  for (const applet of applets) archive.entry({ name: `bin/${applet}`, type: "symlink", linkname: "busybox" });
  archive.entry({ name: "usr/bin/env", type: "symlink", linkname: "/bin/busybox" });
  for (const [name, text] of Object.entries(files)) archive.entry({ name, mode: 0o644 }, text);
  archive.finalize();
  return Readable.from(archive, { objectMode: false });
}
