/** `GET /yard/v1/capsules` */
import { Type } from "typebox";
import { type Capsule, capsuleStatuses } from "../../../capsules/capsule.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { bearer } from "../guard.ts";
import { CapsuleRow, capsuleRow, textsOfCapsule } from "../rows/capsule.ts";
import { capsuleSurroundings } from "../rows/capsule-surroundings.ts";
import type { ListTools } from "./list-tools.ts";
import { matcherOf } from "./matching.ts";
import { pageQuery, pageReply, placeFormat, valuesOf } from "./page.ts";
import { teamsAsked } from "./teams.ts";

const places = placeFormat(Type.String());

export function registerCapsuleList(app: ApiInstance, { sees, viewerOf, parts }: ListTools): void {
  app.get(
    "/yard/v1/capsules",
    {
      onRequest: sees("capsules"),
      schema: {
        operationId: "listCapsules",
        summary: "Look through the capsules of one's teams, newest first",
        tags: ["Lists"],
        security: bearer,
        querystring: Type.Object({
          ...pageQuery,
          status: Type.Optional(Type.String({ maxLength: 200, description: "One, or several with commas" })),
          team: Type.Optional(Type.String({ maxLength: 256 })),
          id: Type.Optional(Type.String({ maxLength: 64, description: "Of one capsule alone, whatever its status" })),
          ended: Type.Boolean({ default: false, description: "With those that are over" }),
        }),
        response: { 200: pageReply(CapsuleRow, "Capsules"), ...errorReplies(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { search, status, team, id, ended, after, limit } = request.query;
      const viewer = await viewerOf(request);
      const surroundings = capsuleSurroundings(parts);
      const rowOf = (capsule: Capsule) => capsuleRow(capsule, viewer.teams.get(capsule.teamId)!, surroundings);
      const matches = matcherOf(search);
      const { rows, next } = await parts.capsules.page({
        teamIds: teamsAsked(viewer, team).map(({ id }) => id),
        ...(id !== undefined && { id: parts.words.idFromWire("capsule", id) }),
        statuses:
          valuesOf("status", status, capsuleStatuses) ?? (ended || id !== undefined ? capsuleStatuses : undefined),
        ...(matches && { matches: (capsule: Capsule) => matches(...textsOfCapsule(rowOf(capsule))) }),
        ...{ from: places.read(after), limit },
      });
      return { items: rows.map(rowOf), next: next === undefined ? null : places.write(next) };
    },
  );
}
