/** The calls behind `runyard attachment`: files that a group keeps for its tasks. */
import { isYardError, YardError } from "../platform/errors.ts";
import { discard, readJson, type YardClient } from "./http.ts";
import { inert } from "./inert.ts";
import { asObject, type JsonObject, numberField, textField } from "./json.ts";
import { timeIn } from "./tasks.ts";
import { firstPlace, type Place } from "./tasks-artifacts.ts";
import { putFile, type TransferOptions } from "./transfers.ts";

export interface AttachmentRef {
  readonly group: string;
  readonly key: string;
}

export interface AttachmentSeen {
  readonly json: JsonObject;
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly updatedAt: Date;
}

/** Those whose key has `part` in it, by key; page after page, as they are read. */
export async function* listAttachments(
  client: YardClient,
  group: string,
  part: string | undefined,
): AsyncGenerator<AttachmentSeen, void> {
  for (let offset = 0; ; offset += pageSize) {
    const json = { key: part, limit: pageSize, offset };
    const response = await client.request({ method: "POST", path: `${groupPath(group)}/attachments/query`, json });
    const { attachments } = asObject(await readJson(response), "the answer");
    if (!Array.isArray(attachments)) throw new TypeError("the list of attachments is no array");
    for (const attachment of attachments) yield seenIn(asObject(attachment, "an attachment"));
    if (attachments.length < pageSize) return;
  }
}

const pageSize = 1_000;

/** Uploads the file in place of what the key had. @returns whether it had something */
export async function putAttachment(
  client: YardClient,
  { group, key }: AttachmentRef,
  file: { readonly path: string; readonly bytes: number },
  options: TransferOptions,
): Promise<boolean> {
  const json = { key, content_length: file.bytes };
  const response = await client.request({ method: "POST", path: `${groupPath(group)}/attachments`, json });
  const begun = asObject(await readJson(response), "the answer");
  await putFile(client, { url: textField(begun, "url"), ...file }, options);
  return begun.exist === true;
}

/** @throws {YardError} not_found */
export async function findAttachment(client: YardClient, { group, key }: AttachmentRef): Promise<Place> {
  const json = { keys: [key] };
  const path = `${groupPath(group)}/download/attachments/list`;
  const place = firstPlace(await readJson(await client.request({ method: "POST", path, json })));
  if (place) return place;
  throw new YardError("not_found", `${inert(group)} has no attachment ${inert(key)}. Look: runyard attachment ls`);
}

/** @param options.asAdmin whoever's it is, and however young. @throws {YardError} not_found; precondition: it may still be on its way */
export async function removeAttachment(
  client: YardClient,
  { group, key }: AttachmentRef,
  { asAdmin }: { asAdmin: boolean },
): Promise<void> {
  const keyPath = key.split("/").map(encodeURIComponent).join("/");
  const path = `${asAdmin ? "/admin" : ""}${groupPath(group)}/attachments/${keyPath}`;
  try {
    await discard(await client.request({ method: "DELETE", path }));
  } catch (error) {
    if (!isYardError(error)) throw error;
    throw new YardError(error.code, `${inert(key)}: ${error.message}`, { cause: error });
  }
}

export function groupPath(group: string): string {
  return `/groups/${encodeURIComponent(group)}`;
}

function seenIn(json: JsonObject): AttachmentSeen {
  return { json, key: textField(json, "key"), size: numberField(json, "size"), updatedAt: timeIn(json, "updated_at") };
}
