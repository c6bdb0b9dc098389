/** Opens the room of capsules, out of the yard's settings. */
import type { Capsules } from "../capsules/capsule.ts";
import { openCapsules } from "../capsules/capsules.ts";
import type { CapsuleParts } from "../capsules/parts.ts";
import type { Config } from "../config.ts";

interface CapsuleSources extends Omit<CapsuleParts, "settings"> {
  readonly config: Config;
}

export function openCapsuleRoom({ config, ...parts }: CapsuleSources): Capsules {
  return openCapsules({ ...parts, settings: config.capsules });
}
