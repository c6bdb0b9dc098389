/** The OpenID providers of a yard. Whoever says who vouches for users says who everybody is: so only administrators who reach all hosts do.
 *  Secrets rest sealed, each for the issuer that it was given for: it is sent to no other. */
import type { Kysely, Selectable } from "kysely";
import type { Clock } from "../../platform/clock.ts";
import type { SecretBox } from "../../platform/crypto/secret-box.ts";
import { isUniqueViolation } from "../../platform/db/constraints.ts";
import type { Database } from "../../platform/db/database.ts";
import type { OpenIdProviderRow, Schema } from "../../platform/db/schema.ts";
import { asStorageError, YardError } from "../../platform/errors.ts";
import type { Giver } from "../grants.ts";
import { formatHostTags } from "../host-tags.ts";
import type { OnBehalf } from "../identity.ts";
import { parsePermissions } from "../permission-lists.ts";
import {
  type OpenIdProvider,
  type OpenIdProviderInput,
  providerOf,
  requireSoundProvider,
  type SoundProvider,
} from "./provider.ts";

export interface OpenIdProviders {
  /** By slug. */
  list(): Promise<readonly OpenIdProvider[]>;
  /** @throws {YardError} invalid, conflict, too_many, forbidden */
  create(provider: OpenIdProviderInput, options?: OnBehalf): Promise<OpenIdProvider>;
  /** Where the issuer changes, the secret is to be given again. @throws {YardError} invalid, conflict, not_found, forbidden */
  update(id: number, provider: OpenIdProviderInput, options?: OnBehalf): Promise<OpenIdProvider>;
  /** Users stay, and so does that the issuer vouches for them. @returns its slug @throws {YardError} not_found, forbidden */
  remove(id: number, options?: OnBehalf): Promise<string>;
}

export interface StoredProviders extends OpenIdProviders {
  /** @throws {YardError} not_found, also while it is switched off */
  enabled(slug: string): Promise<OpenIdProvider>;
  secretOf(id: number): Promise<string | undefined>;
}

export interface ProviderParts {
  readonly database: Database;
  readonly secrets: SecretBox;
  readonly clock: Clock;
}

const mostProviders = 50;

export function createOpenIdProviders({ database, secrets, clock }: ProviderParts): StoredProviders {
  const db = database.kysely;
  const exclusive = { exclusive: "OpenID providers" };
  const seal = (secret: string, issuer: string) => secrets.seal(secret, placeOf(issuer));

  function secretIn({ sealed_secret: sealed, issuer }: Selectable<OpenIdProviderRow>): string | undefined {
    return sealed === null ? undefined : secrets.open(sealed, placeOf(issuer));
  }

  /** What becomes of the secret that there is. @throws {YardError} invalid */
  function secretAfter(before: Selectable<OpenIdProviderRow>, { clientSecret, issuer }: SoundProvider): string | null {
    if (clientSecret !== "") return seal(clientSecret, issuer);
    if (before.sealed_secret === null || before.issuer === issuer) return before.sealed_secret;
    const message = `The secret that is kept was given for ${before.issuer}: give the one for ${issuer}.`;
    throw new YardError("invalid", message, { field: "clientSecret" });
  }

  return {
    async list() {
      return (await db.selectFrom("openid_providers").selectAll().orderBy("slug").execute()).map(providerOf);
    },

    async create(input, { by } = {}) {
      requireMayConfigure(by);
      const provider = requireSoundProvider(input);
      const now = clock.now();
      const secret = provider.clientSecret === "" ? null : seal(provider.clientSecret, provider.issuer);
      const work = database.transaction(async (trx) => {
        await requireRoom(trx);
        await requireHarmlessRole(trx, provider.defaultRole);
        return trx
          .insertInto("openid_providers")
          .values({ ...columnsOf(provider), sealed_secret: secret, created_at: now, updated_at: now })
          .returningAll()
          .executeTakeFirstOrThrow();
      }, exclusive);
      return providerOf(await work.catch((error: unknown) => rethrow(error, provider)));
    },

    async update(id, input, { by } = {}) {
      requireMayConfigure(by);
      const work = database.transaction(async (trx) => {
        const before = await requireProvider(trx, id);
        const provider = requireSoundProvider(input, providerOf(before));
        await requireHarmlessRole(trx, provider.defaultRole);
        return (
          trx
            .updateTable("openid_providers")
            // What is remembered of a provider goes by this time, so it moves on with each change.
            .set({ ...columnsOf(provider), updated_at: Math.max(clock.now(), before.updated_at + 1) })
            .set({ sealed_secret: secretAfter(before, provider) })
            .where("id", "=", id)
            .returningAll()
            .executeTakeFirstOrThrow()
        );
      }, exclusive);
      return providerOf(await work.catch((error: unknown) => rethrow(error, input)));
    },

    async remove(id, { by } = {}) {
      requireMayConfigure(by);
      const { slug } = await requireProvider(db, id);
      await db.deleteFrom("openid_providers").where("id", "=", id).execute();
      return slug;
    },

    async enabled(slug) {
      const row = await db
        .selectFrom("openid_providers")
        .selectAll()
        .where("slug", "=", slug)
        .where("is_enabled", "=", 1)
        .executeTakeFirst();
      if (row) return providerOf(row);
      const shown = JSON.stringify(slug.slice(0, 80));
      throw new YardError("not_found", `Nobody signs in here by ${shown}: there is no such provider, or it is off.`);
    },

    async secretOf(id) {
      return secretIn(await requireProvider(db, id));
    },
  };
}

function columnsOf(provider: SoundProvider) {
  return {
    ...{ slug: provider.slug, display_name: provider.displayName, issuer: provider.issuer },
    ...{ client_id: provider.clientId, scopes: provider.scopes, group_claim: provider.groupClaim },
    ...{ admin_group: provider.adminGroup, operator_group: provider.operatorGroup },
    ...{ default_role: provider.defaultRole, host_tags: formatHostTags(provider.hostTags) },
    is_enabled: Number(provider.isEnabled),
  };
}

async function requireProvider(db: Kysely<Schema>, id: number): Promise<Selectable<OpenIdProviderRow>> {
  const row = await db.selectFrom("openid_providers").selectAll().where("id", "=", id).executeTakeFirst();
  if (row) return row;
  throw new YardError("not_found", `There is no OpenID provider ${id}.`);
}

async function requireRoom(db: Kysely<Schema>): Promise<void> {
  const { count } = await db
    .selectFrom("openid_providers")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  if (count >= mostProviders)
    throw new YardError("too_many", `There are ${count} OpenID providers already: delete some.`);
}

/** Everybody whom the provider knows gets it: so it exists, and makes nobody an administrator. @throws {YardError} invalid */
async function requireHarmlessRole(db: Kysely<Schema>, name: string): Promise<void> {
  const field = "defaultRole";
  const role = await db.selectFrom("roles").select("permissions").where("name", "=", name).executeTakeFirst();
  if (!role) throw new YardError("invalid", `There is no role ${JSON.stringify(name.slice(0, 80))}.`, { field });
  if (!parsePermissions(role.permissions).includes("*")) return;
  const message = `${name} would make everybody an administrator whom the provider knows: name a group that is to be, instead.`;
  throw new YardError("invalid", message, { field });
}

/** @throws {YardError} forbidden */
function requireMayConfigure(by: Giver): void {
  if (!by || (by.isAdmin && (by.hostTags ?? []).length === 0)) return;
  const rule = "only an administrator who reaches all hosts says by whom users sign in";
  throw new YardError("forbidden", `${by.username}, ${rule}: a provider can say of anybody that it is somebody else.`);
}

function placeOf(issuer: string): string {
  return `openid_providers.sealed_secret:${issuer}`;
}

function rethrow(error: unknown, { slug }: Pick<OpenIdProviderInput, "slug">): never {
  if (!isUniqueViolation(error, "openid_providers.slug"))
    throw asStorageError(error, "the OpenID provider cannot be saved");
  throw new YardError("conflict", `There is a provider ${slug} already.`, { field: "slug", cause: error });
}
