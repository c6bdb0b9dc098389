/** What the routes of lists share. */
import type { ApiRequest } from "../../../platform/http/api.ts";
import type { Viewer } from "../access.ts";
import type { ConsoleParts } from "../console-parts.ts";
import type { SightGuard } from "../guard.ts";

export interface ListTools {
  readonly parts: ConsoleParts;
  readonly sees: SightGuard;
  /** Whoever has sent it. */
  viewerOf(request: ApiRequest): Promise<Viewer>;
}
