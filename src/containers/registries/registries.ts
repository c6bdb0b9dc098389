/** The registries whose images the fleet runs. Passwords rest sealed, each for its own address: they are sent to no other. */
import type { Selectable } from "kysely";
import type { Clock } from "../../platform/clock.ts";
import type { SecretBox } from "../../platform/crypto/secret-box.ts";
import { isUniqueViolation } from "../../platform/db/constraints.ts";
import type { Database } from "../../platform/db/database.ts";
import type { RegistryRow } from "../../platform/db/schema.ts";
import { asStorageError, YardError } from "../../platform/errors.ts";
import { ExchangeError } from "../../platform/http/outgoing/exchange-error.ts";
import { isWithin } from "../docker-hosts.ts";
import type { RegistryCredentials } from "../image-pull.ts";
import type { ImageReference } from "../image-reference.ts";
import { parseRegistryTags, type Registry, type RegistryInput, registryOf, requireSoundRegistry } from "./registry.ts";
import { apiOfRegistry, hostOfRegistry, isForImage } from "./registry-url.ts";
import type { TryRegistry } from "./try-registry.ts";

export interface Registries {
  /** By name. */
  list(): Promise<readonly Registry[]>;
  /** @throws {YardError} invalid, conflict, too_many */
  create(registry: RegistryInput): Promise<Registry>;
  /** A password goes with the address that it was given for: where its host changes, it is to be given again.
   *  @throws {YardError} invalid, conflict, not_found */
  update(id: number, registry: RegistryInput): Promise<Registry>;
  /** @returns its address @throws {YardError} not_found */
  remove(id: number): Promise<string>;
  /** Signs in there, and remembers how that went. @returns whether it knows who asks
   *  @throws {YardError} not_found; unavailable, with the reason */
  test(id: number): Promise<boolean>;
  /** Of those for an image that a host may use, the ones for the narrowest address. */
  credentialsFor(
    image: ImageReference,
    host: { readonly tags: readonly string[] },
  ): Promise<RegistryCredentials | undefined>;
}

export interface RegistriesParts {
  readonly database: Database;
  readonly secrets: SecretBox;
  readonly clock: Clock;
  readonly tryRegistry: TryRegistry;
}

const mostRegistries = 500;

export function createRegistries({ database, secrets, clock, tryRegistry }: RegistriesParts): Registries {
  const db = database.kysely;
  const seal = (password: string, url: string) => secrets.seal(password, placeOf(url));

  async function rowOf(id: number, source: Pick<Database["kysely"], "selectFrom"> = db) {
    const row = await source.selectFrom("registries").selectAll().where("id", "=", id).executeTakeFirst();
    if (row) return row;
    throw new YardError("not_found", `There is no registry ${id}.`);
  }

  function credentialsOf({ url, username, sealed_password: sealed }: Selectable<RegistryRow>) {
    return sealed === null ? undefined : { username, password: secrets.open(sealed, placeOf(url)) };
  }

  /** What becomes of the password that there is. @throws {YardError} invalid */
  function passwordAfter(before: Selectable<RegistryRow>, { url, password, clearPassword }: RegistryInput) {
    if (clearPassword) return null;
    if (password) return seal(password, url);
    const kept = before.url === url ? undefined : credentialsOf(before)?.password;
    if (kept === undefined) return before.sealed_password;
    if (hostOfRegistry(before.url) === hostOfRegistry(url)) return seal(kept, url);
    const message = `The password that is kept was given for ${hostOfRegistry(before.url)}: give it again, or clear it.`;
    throw new YardError("invalid", message, { field: "password" });
  }

  return {
    async list() {
      return (await db.selectFrom("registries").selectAll().orderBy("name").orderBy("id").execute()).map(registryOf);
    },

    async create(input) {
      const registry = requireSoundRegistry(input);
      const { name, url, username = "", password, clearPassword, hostTags = [] } = registry;
      const now = clock.now();
      return withClearErrors(registry, () =>
        database.transaction(
          async (transaction) => {
            const { count } = await transaction
              .selectFrom("registries")
              .select(({ fn }) => fn.countAll<number>().as("count"))
              .executeTakeFirstOrThrow();
            if (count >= mostRegistries)
              throw new YardError("too_many", `There are ${count} registries already: delete some.`);
            const row = await transaction
              .insertInto("registries")
              .values({
                ...{ name, url, username, host_tags: tagsToStore(hostTags), created_at: now, updated_at: now },
                sealed_password: password && !clearPassword ? seal(password, url) : null,
              })
              .returningAll()
              .executeTakeFirstOrThrow();
            return registryOf(row);
          },
          { exclusive: "registries" },
        ),
      );
    },

    async update(id, input) {
      const registry = requireSoundRegistry(input);
      const { name, url, username, hostTags } = registry;
      return withClearErrors(registry, () =>
        database.transaction(
          async (transaction) => {
            const before = await rowOf(id, transaction);
            const row = await transaction
              .updateTable("registries")
              .set({
                ...{ name, url, updated_at: clock.now() },
                username: username ?? before.username,
                host_tags: hostTags === undefined ? before.host_tags : tagsToStore(hostTags),
                sealed_password: passwordAfter(before, registry),
              })
              .where("id", "=", id)
              .returningAll()
              .executeTakeFirstOrThrow();
            return registryOf(row);
          },
          { exclusive: "registries" },
        ),
      );
    },

    async remove(id) {
      const { url } = await rowOf(id);
      await db.deleteFrom("registries").where("id", "=", id).execute();
      return url;
    },

    async test(id) {
      const row = await rowOf(id);
      const outcome = await tried(tryRegistry, row.url, credentialsOf(row));
      await db
        .updateTable("registries")
        .set({
          tested_at: clock.now(),
          is_test_passed: Number(outcome.reason === undefined),
          test_error: outcome.reason ?? null,
        })
        .where("id", "=", id)
        .where("url", "=", row.url)
        .execute();
      if (outcome.reason === undefined) return outcome.isKnown;
      throw new YardError("unavailable", `${row.url} cannot be used: ${outcome.reason}.`);
    },

    async credentialsFor(image, { tags }) {
      const rows = await db.selectFrom("registries").selectAll().where("sealed_password", "is not", null).execute();
      const [narrowest] = rows
        .filter(({ url }) => isForImage(url, image))
        .filter(({ host_tags }) => isWithin({ hostTags: parseRegistryTags(host_tags) }, tags))
        .sort((one, other) => other.url.length - one.url.length);
      return narrowest && credentialsOf(narrowest);
    },
  };
}

type Outcome = { readonly isKnown: boolean; readonly reason?: undefined } | { readonly reason: string };

async function tried(tryRegistry: TryRegistry, url: string, credentials?: RegistryCredentials): Promise<Outcome> {
  try {
    return { isKnown: await tryRegistry(apiOfRegistry(url), credentials) };
  } catch (error) {
    if (error instanceof ExchangeError) return { reason: error.message };
    throw error;
  }
}

function placeOf(url: string): string {
  return `registries.sealed_password:${url}`;
}

function tagsToStore(tags: readonly string[]): string | null {
  return tags.length === 0 ? null : JSON.stringify(tags);
}

async function withClearErrors<T>({ url }: RegistryInput, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (isUniqueViolation(error, "registries.url"))
      throw new YardError("conflict", `There is a registry ${url} already.`, { field: "url", cause: error });
    throw asStorageError(error, "the registry cannot be saved");
  }
}
