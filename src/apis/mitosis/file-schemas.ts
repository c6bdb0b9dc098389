/** The shapes of artifacts and attachments on Mitosis' wire. The files themselves go by the URLs that are handed out. */
import { Type } from "typebox";
import { limits } from "../../tasks/task-limits.ts";
import { maybe, Timestamp, Uuid } from "./schemas.ts";
import { ArtifactType, pageFields, TaskFilterFields } from "./task-schemas.ts";

const contentLength = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "Exactly so many bytes are taken",
});
const Size = Type.Integer({ description: "Bytes" });

export const ArtifactPath = Type.Object({ uuid: Uuid, content_type: ArtifactType });
export const UploadArtifact = Type.Object({ content_type: ArtifactType, content_length: contentLength });
export const UploadReply = Type.Object(
  {
    url: Type.String({ description: "PUT the bytes there within the hour, with their Content-Length and no token" }),
    exist: Type.Boolean({ description: "There was one before" }),
  },
  { description: "Room is held for it" },
);

/** Of a download: its place, and for those who follow by themselves a redirect there. */
export const DownloadReply = Type.Object(
  { url: Type.String({ description: "GET it without a token" }), size: Size },
  { description: "Where it is" },
);
export const DownloadRedirect = Type.Null({ description: "To where it is" });

export const ArtifactFilter = Type.Intersect([TaskFilterFields, Type.Object({ content_type: ArtifactType })]);
export const ArtifactUuids = Type.Object({
  uuids: Type.Array(Uuid, { maxItems: limits.listed }),
  content_type: ArtifactType,
});
export const ArtifactDownloads = Type.Object(
  { downloads: Type.Array(Type.Object({ uuid: Type.String(), url: Type.String(), size: Size })) },
  { description: "Of the tasks that have one" },
);
export const ArtifactsDeleted = Type.Object({ deleted_count: Type.Integer() }, { description: "They are gone" });
export const ArtifactsDeletedList = Type.Object(
  { deleted_count: Type.Integer(), failed_uuids: Type.Array(Type.String()) },
  { description: "Those that could be deleted are gone" },
);

export const GroupPath = Type.Object({ group_name: Type.String() });
/** The key keeps its slashes: it is the rest of the path. */
export const AttachmentPath = Type.Object({ group_name: Type.String(), "*": Type.String({ description: "The key" }) });
export const UploadAttachment = Type.Object({
  key: Type.String({ description: "Any name; with slashes if need be" }),
  content_length: contentLength,
});

const ContentType = Type.String({ description: "application/octet-stream; NoSet for Mitosis' own programs" });
const metadata = { content_type: ContentType, size: Size, created_at: Timestamp, updated_at: Timestamp };
export const Attachment = Type.Object(metadata, { description: "What is known of it" });

const keyPart = maybe(Type.String({ description: "Keys that have this in them" }));
export const AttachmentQuery = Type.Object({
  key: keyPart,
  ...pageFields,
  count: Type.Optional(Type.Boolean({ description: "Only how many there are, without regard to the page" })),
});
export const AttachmentList = Type.Object(
  {
    count: Type.Integer(),
    attachments: Type.Array(Type.Object({ key: Type.String(), ...metadata })),
    group_name: Type.String(),
  },
  { description: "By key" },
);

export const AttachmentFilter = Type.Object({ key: keyPart, ...pageFields });
export const AttachmentKeys = Type.Object({ keys: Type.Array(Type.String(), { maxItems: limits.listed }) });
export const AttachmentDownloads = Type.Object(
  {
    downloads: Type.Array(Type.Object({ key: Type.String(), url: Type.String(), size: Size })),
    group_name: Type.String(),
  },
  { description: "Of those that there are" },
);
export const AttachmentsDeleted = Type.Object(
  { deleted_count: Type.Integer(), group_name: Type.String() },
  { description: "They are gone" },
);
export const AttachmentsDeletedList = Type.Object(
  { deleted_count: Type.Integer(), failed_keys: Type.Array(Type.String()), group_name: Type.String() },
  { description: "Those that could be deleted are gone" },
);
